drop index "meter__drafts_created_by_51ba8d";
drop index "meter__drafts_updated_by_71aee3";
drop index "meter__drafts_is_shared_caa5c7";
drop index "meter__meter_kind_685f61";
drop index "meter__meter_watcher_id_2dbcfa";
