drop index "clients_created_by_51ba8d";
drop index "clients_updated_by_71aee3";
drop index "clients_type_148519";
drop index "clients_country_224b79";
drop index "clients_source_349513";
drop index "clients_status_c60d4c";
