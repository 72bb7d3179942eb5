drop index "views_created_by_51ba8d";
drop index "views_updated_by_71aee3";
drop index "views_is_shared_caa5c7";
