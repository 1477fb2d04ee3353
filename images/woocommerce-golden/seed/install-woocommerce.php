<?php
// Activates WooCommerce, which makes its tables and pages. In a process of its own: the next one starts with the plugin loaded.
require '/srv/shop/public/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
wp_set_current_user( 1 );
$result = activate_plugin( 'woocommerce/woocommerce.php' );
if ( is_wp_error( $result ) ) {
	fwrite( STDERR, $result->get_error_message() . "\n" );
	exit( 1 );
}
