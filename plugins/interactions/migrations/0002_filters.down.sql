drop index "interactions__interactions_created_by_51ba8d";
drop index "interactions__interactions_updated_by_71aee3";
drop index "interactions__interactions_type_148519";
drop index "interactions__interactions_pinned_e54e56";
