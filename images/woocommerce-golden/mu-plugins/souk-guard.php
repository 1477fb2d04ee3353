<?php
/**
 * Plugin Name: Souk guard
 * Description: Closes what a shop on the internet need not have open: XML-RPC, listing of users, unlimited guessing of passwords.
 */

defined( 'ABSPATH' ) || exit;

// XML-RPC: the web server refuses it, this makes nothing advertise it.
add_filter( 'xmlrpc_enabled', '__return_false' );
add_filter( 'pings_open', '__return_false' );
remove_action( 'wp_head', 'rsd_link' );
remove_action( 'wp_head', 'wp_generator' );
add_filter(
	'wp_headers',
	static function ( $headers ) {
		unset( $headers['X-Pingback'] );
		return $headers;
	}
);

// Who works in the shop is nobody's business who does not work there: neither by the REST API, nor by author archives, nor by
// the site map, nor by embeds.
add_filter(
	'rest_pre_dispatch',
	static function ( $result, $server, $request ) {
		if ( preg_match( '#^/wp/v2/users(/|$)#', $request->get_route() ) && ! current_user_can( 'edit_posts' ) ) {
			return new WP_Error( 'rest_forbidden', 'Users are shown to those who work in the shop.', array( 'status' => rest_authorization_required_code() ) );
		}
		return $result;
	},
	10,
	3
);
add_action(
	'parse_request',
	static function ( $wp ) {
		$asks_for_author = isset( $wp->query_vars['author'] ) || isset( $wp->query_vars['author_name'] );
		if ( $asks_for_author && ! is_admin() && ! current_user_can( 'edit_posts' ) ) {
			$wp->query_vars = array( 'error' => '404' );
		}
	}
);
add_filter(
	'wp_sitemaps_add_provider',
	static function ( $provider, $name ) {
		return $name === 'users' ? false : $provider;
	},
	10,
	2
);
add_filter(
	'oembed_response_data',
	static function ( $data ) {
		unset( $data['author_name'], $data['author_url'] );
		return $data;
	}
);
// Whether a login exists is not told either.
add_filter(
	'login_errors',
	static function ( $errors ) {
		return stripos( $errors, 'too many' ) === false ? 'These credentials are not right.' : $errors;
	}
);

/*
 * Guessing: after ten wrong passwords for one login or from one address within a quarter of an hour, both wait. The web server's
 * own limit is by address alone; this one also stops many addresses that try one login.
 */
const SOUK_WRONG_LOGINS = 10;
const SOUK_WRONG_LOGINS_SECONDS = 900;

function souk_login_keys( string $login ): array {
	return array(
		'souk_login_' . md5( strtolower( trim( $login ) ) ),
		'souk_address_' . md5( $_SERVER['REMOTE_ADDR'] ?? '' ),
	);
}

add_filter(
	'authenticate',
	static function ( $user, $login ) {
		if ( ! is_string( $login ) || $login === '' ) {
			return $user;
		}
		foreach ( souk_login_keys( $login ) as $key ) {
			if ( (int) get_transient( $key ) >= SOUK_WRONG_LOGINS ) {
				status_header( 429 );
				header( 'Retry-After: ' . SOUK_WRONG_LOGINS_SECONDS );
				return new WP_Error( 'souk_too_many', 'Too many wrong passwords. Wait a quarter of an hour, then try again.' );
			}
		}
		return $user;
	},
	// After the password was looked at, so that a right one does not get in either while others are guessing from here.
	99,
	2
);
add_action(
	'wp_login_failed',
	static function ( $login, $error = null ) {
		if ( $error instanceof WP_Error && $error->get_error_code() === 'souk_too_many' ) {
			return;
		}
		foreach ( souk_login_keys( (string) $login ) as $key ) {
			set_transient( $key, (int) get_transient( $key ) + 1, SOUK_WRONG_LOGINS_SECONDS );
		}
	},
	10,
	2
);
