#!/bin/sh
# Prints the SQL that makes the golden copy one merchant's shop: its name and its owner's login. Run once by start-database, in one
# transaction. Secrets: title, adminEmail, adminPasswordHash.
set -eu
secret() { sql-literal "$SOUK_SECRETS_DIR/$1"; }

cat <<SQL
set @title = $(secret title), @email = $(secret adminEmail), @hash = $(secret adminPasswordHash);
update wp_users
   set user_email = @email, user_pass = @hash, display_name = @title, user_registered = utc_timestamp()
 where ID = 1;
update wp_usermeta set meta_value = @email where user_id = 1 and meta_key = 'billing_email';
update wp_options set option_value = @title where option_name in ('blogname', 'woocommerce_email_from_name');
update wp_options set option_value = @email
 where option_name in ('admin_email', 'new_admin_email', 'woocommerce_email_from_address', 'woocommerce_stock_email_recipient');
SQL
