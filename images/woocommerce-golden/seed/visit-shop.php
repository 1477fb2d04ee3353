<?php
// A shopper's and a merchant's way through the finished shop, by nginx and PHP-FPM. Fails when a page is not what it should be.
const HOST = 'shop.souk.localhost';

$cookies = tempnam( '/tmp', 'cookies' );

/** One request; the answer's status, headers by lower-case name, and body. */
function ask( string $method, string $path, array $headers = array(), $body = null ): array {
	global $cookies;
	$found  = array();
	$handle = curl_init( 'http://' . HOST . $path );
	curl_setopt_array(
		$handle,
		array(
			CURLOPT_UNIX_SOCKET_PATH => '/tmp/shop.sock',
			CURLOPT_CUSTOMREQUEST    => $method,
			CURLOPT_RETURNTRANSFER   => true,
			CURLOPT_COOKIEFILE       => $cookies,
			CURLOPT_COOKIEJAR        => $cookies,
			CURLOPT_TIMEOUT          => 120,
			CURLOPT_HTTPHEADER       => array_merge( is_array( $body ) ? array( 'Content-Type: application/json' ) : array(), $headers ),
			CURLOPT_HEADERFUNCTION   => static function ( $handle, $line ) use ( &$found ) {
				$parts = explode( ':', $line, 2 );
				if ( count( $parts ) === 2 ) {
					$found[ strtolower( $parts[0] ) ] = trim( $parts[1] );
				}
				return strlen( $line );
			},
		)
	);
	if ( $body !== null ) {
		curl_setopt( $handle, CURLOPT_POSTFIELDS, is_array( $body ) ? json_encode( $body ) : $body );
	}
	$text   = (string) curl_exec( $handle );
	$status = curl_getinfo( $handle, CURLINFO_RESPONSE_CODE );
	return array( $status, $found, $text );
}

function expect( int $wanted, string $method, string $path, array $headers = array(), $body = null ): array {
	$answer = ask( $method, $path, $headers, $body );
	if ( $answer[0] !== $wanted ) {
		fwrite( STDERR, "$method $path answered {$answer[0]} instead of $wanted: " . substr( trim( preg_replace( '/\s+/', ' ', strip_tags( preg_replace( '#<(style|script)\b.*?</\1>#s', '', $answer[2] ) ) ) ), 0, 300 ) . "\n" );
		exit( 1 );
	}
	return $answer;
}

function page( string $path, string $has = '</html>' ): string {
	list( , , $text ) = expect( 200, 'GET', $path );
	if ( ! str_contains( $text, $has ) ) {
		fwrite( STDERR, "GET $path does not show \"$has\"\n" );
		exit( 1 );
	}
	return $text;
}

// The shopper.
expect( 200, 'GET', '/healthz' );
page( '/', 'Dune Mug' );
page( '/shop/', 'Hearth Teapot' );
page( '/product-category/ceramics/', 'Dune Mug' );
page( '/product/dune-mug/', 'Add to cart' );
page( '/product/hearth-teapot/', 'Add to cart' );
page( '/?s=linen&post_type=product', 'Linen' );
page( '/about/' );
page( '/my-account/' );
expect( 404, 'GET', '/no-such-page/' );

$api = '/wp-json/wc/store/v1';
list( , , $text ) = expect( 200, 'GET', "$api/products?type=simple" );
$product         = json_decode( $text, true )[0]['id'];
expect( 200, 'GET', "$api/products" );
list( , $headers ) = expect( 200, 'GET', "$api/cart" );
$token             = array( 'Cart-Token: ' . $headers['cart-token'] );
expect( 201, 'POST', "$api/cart/add-item", $token, array( 'id' => $product, 'quantity' => 1 ) );
$address = array( 'first_name' => 'Amina', 'last_name' => 'Haddad', 'address_1' => '1 Market Street', 'city' => 'Berlin', 'postcode' => '10115', 'country' => 'DE', 'state' => '' );
$billing = $address + array( 'email' => 'shopper@example.com', 'phone' => '' );
list( , , $text ) = expect( 200, 'POST', "$api/cart/update-customer", $token, array( 'billing_address' => $billing, 'shipping_address' => $address ) );
$rate            = json_decode( $text, true )['shipping_rates'][0]['shipping_rates'][0]['rate_id'];
expect( 200, 'POST', "$api/cart/select-shipping-rate", $token, array( 'package_id' => 0, 'rate_id' => $rate ) );
list( , , $text ) = expect( 200, 'POST', "$api/checkout", $token, array( 'billing_address' => $billing, 'shipping_address' => $address, 'payment_method' => 'cod' ) );
$order           = json_decode( $text, true );
page( "/checkout/order-received/{$order['order_id']}/?key={$order['order_key']}", 'Order' );
expect( 200, 'GET', "/?add-to-cart=$product" );
page( '/cart/' );
page( '/checkout/' );

// The merchant.
page( '/wp-login.php', 'loginform' );
$login = http_build_query( array( 'log' => 'owner@localhost.invalid', 'pwd' => getenv( 'BUILD_PASSWORD' ), 'wp-submit' => 'Log In', 'testcookie' => '1' ) );
expect( 302, 'POST', '/wp-login.php', array( 'Cookie: wordpress_test_cookie=WP%20Cookie%20check' ), $login );
page( '/wp-admin/' );
page( '/wp-admin/admin.php?page=wc-orders' );
page( "/wp-admin/admin.php?page=wc-orders&action=edit&id={$order['order_id']}", 'Amina' );
page( '/wp-admin/admin.php?page=wc-admin' );
page( '/wp-admin/edit.php?post_type=product', 'Dune Mug' );
page( "/wp-admin/post.php?post=$product&action=edit", 'Hearth Teapot' );
page( '/wp-admin/upload.php' );
page( '/wp-admin/admin.php?page=wc-settings' );
page( '/wp-admin/site-editor.php' );
list( , , $nonce ) = expect( 200, 'GET', '/wp-admin/admin-ajax.php?action=rest-nonce' );
list( , , $text )  = expect( 200, 'GET', "/wp-json/wc/v3/orders/{$order['order_id']}", array( "X-WP-Nonce: $nonce" ) );
expect( 200, 'GET', '/wp-cron.php' );
if ( json_decode( $text, true )['total'] === '0.00' ) {
	fwrite( STDERR, "the order is worth nothing\n" );
	exit( 1 );
}
