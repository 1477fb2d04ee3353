<?php
// One image serves every store: what differs comes from the environment, the host and the scheme from the request. So a store can
// get another name, owner or certificate without a new pod. Lies above the web root; no request reaches it.

/** The store's own address as this request used it. Only names below the platform's domain are believed. */
function souk_request_url(): string {
	$scheme = ( $_SERVER['HTTP_X_FORWARDED_PROTO'] ?? 'http' ) === 'https' ? 'https' : 'http';
	$host   = strtolower( $_SERVER['HTTP_HOST'] ?? '' );
	$domain = getenv( 'SOUK_BASE_DOMAIN' );
	if ( PHP_SAPI === 'cli' ) {
		return "$scheme://" . ( getenv( 'SOUK_HOST' ) ?: 'localhost' );
	}
	if ( ! $domain || ! preg_match( '/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.' . preg_quote( $domain, '/' ) . '(:[0-9]{1,5})?$/', $host ) ) {
		http_response_code( 421 );
		header( 'Content-Type: text/plain' );
		exit( "This shop is not known by that name.\n" );
	}
	if ( $scheme === 'https' ) {
		$_SERVER['HTTPS'] = 'on';
	}
	return "$scheme://$host";
}

define( 'WP_HOME', souk_request_url() );
define( 'WP_SITEURL', WP_HOME );

define( 'DB_NAME', 'store' );
define( 'DB_USER', 'store' );
define( 'DB_PASSWORD', (string) getenv( 'DATABASE_PASSWORD' ) );
define( 'DB_HOST', getenv( 'DATABASE_HOST' ) ?: 'database' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
$table_prefix = 'wp_';

foreach ( array( 'AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT' ) as $name ) {
	$value = getenv( $name );
	// WordPress would make up what is missing and keep it in the database, where a dump would carry it along.
	if ( ! is_string( $value ) || strlen( $value ) < 32 ) {
		http_response_code( 500 );
		exit( "The secret $name is missing.\n" );
	}
	define( $name, $value );
}

// The code is the image's: it changes with the image and in no other way.
define( 'DISALLOW_FILE_EDIT', true );
define( 'DISALLOW_FILE_MODS', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'FS_METHOD', 'direct' );
// A CronJob of the store runs what is due; shoppers do not wait for it.
define( 'DISABLE_WP_CRON', true );
define( 'WP_POST_REVISIONS', 10 );
define( 'WP_MEMORY_LIMIT', '192M' );
define( 'WP_MAX_MEMORY_LIMIT', '256M' );
define( 'WP_TEMP_DIR', '/tmp' );
define( 'WP_DEBUG', false );
define( 'WP_ENVIRONMENT_TYPE', 'production' );

if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/public/' );
}
require_once ABSPATH . 'wp-settings.php';
