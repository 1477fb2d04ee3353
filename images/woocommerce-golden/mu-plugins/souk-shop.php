<?php
/**
 * Plugin Name: Souk shop
 * Description: What follows from a shop's code being part of an image: no updates to look for, no installing, no telemetry.
 */

defined( 'ABSPATH' ) || exit;

// Updates come as a new image. Looking for them would cost every shop a request to the outside twice a day and end in notices
// that nobody here can act on.
remove_action( 'init', 'wp_schedule_update_checks' );
remove_action( 'wp_version_check', 'wp_version_check' );
remove_action( 'wp_update_plugins', 'wp_update_plugins' );
remove_action( 'wp_update_themes', 'wp_update_themes' );
foreach ( array( 'update_core', 'update_plugins', 'update_themes' ) as $kind ) {
	add_filter(
		"pre_site_transient_$kind",
		static function () {
			return (object) array( 'last_checked' => time(), 'updates' => array(), 'response' => array(), 'translations' => array(), 'no_update' => array(), 'checked' => array(), 'version_checked' => get_bloginfo( 'version' ) );
		}
	);
}

// These only offer what cannot be installed here, or collect what is nobody's business.
const SOUK_NOT_ASKED = array( 'api.wordpress.org', 'woocommerce.com', 'public-api.wordpress.com', 'pixel.wp.com', 'tracking.woocommerce.com' );
add_filter(
	'pre_http_request',
	static function ( $answer, $arguments, $url ) {
		$host = strtolower( (string) wp_parse_url( $url, PHP_URL_HOST ) );
		return in_array( $host, SOUK_NOT_ASKED, true )
			? new WP_Error( 'souk_not_asked', "This shop does not ask $host." )
			: $answer;
	},
	10,
	3
);
add_filter( 'woocommerce_allow_marketplace_suggestions', '__return_false' );
add_filter( 'woocommerce_helper_suppress_admin_notices', '__return_true' );
add_filter( 'woocommerce_apply_user_tracking', '__return_false' );
add_filter( 'woocommerce_get_remote_inbox_notifications', '__return_empty_array' );
add_filter(
	'woocommerce_admin_features',
	static function ( $features ) {
		return array_values( array_diff( $features, array( 'marketplace', 'remote-inbox-notifications', 'onboarding', 'onboarding-tasks', 'launch-your-store', 'remote-free-extensions', 'shipping-label-banner', 'printful', 'blueprint' ) ) );
	}
);

// Emoji of the visitor's own system are drawn by that system.
remove_action( 'wp_head', 'print_emoji_detection_script', 7 );
remove_action( 'wp_print_styles', 'print_emoji_styles' );

// The sender belongs to the shop that the request was made to, whatever its name was when it was made.
add_filter(
	'wp_mail_from',
	static function ( $address ) {
		return str_starts_with( $address, 'wordpress@' ) ? get_option( 'admin_email' ) : $address;
	}
);
