<?php
// Installs WordPress into an empty database: tables, options, the first user. The user becomes the merchant at a store's first start.
define( 'WP_INSTALLING', true );
require '/srv/shop/public/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install( 'Shop', 'owner', 'owner@localhost.invalid', true, '', getenv( 'BUILD_PASSWORD' ) );
update_option( 'template', 'souk' );
update_option( 'stylesheet', 'souk' );
update_option( 'active_plugins', array() );
echo "WordPress " . get_bloginfo( 'version' ) . "\n";
