<?php
// Makes an installed WooCommerce a shop that sells: settings, delivery, payment, pages, the sample catalogue with its pictures.
require '/srv/shop/public/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/image.php';
require_once ABSPATH . 'wp-admin/includes/post.php';
wp_set_current_user( 1 );
set_time_limit( 0 );

WC_Install::install();
describe_shop();
write_pages();
open_delivery();
fill_catalogue( json_decode( file_get_contents( '/usr/share/souk/samples/catalogue.json' ), true ) );
flush_rewrite_rules();
wc_update_product_lookup_tables();

function describe_shop(): void {
	$options = array(
		'blogname'                                    => 'Shop',
		'blogdescription'                             => 'Things to find a place for: ceramics, textiles and coffee.',
		'permalink_structure'                         => '/%postname%/',
		'timezone_string'                             => 'UTC',
		'date_format'                                 => 'j F Y',
		'time_format'                                 => 'H:i',
		'default_pingback_flag'                       => 0,
		'default_ping_status'                         => 'closed',
		'default_comment_status'                      => 'closed',
		'comment_registration'                        => 1,
		'users_can_register'                          => 0,
		'blog_public'                                 => 1,
		// Pictures lie by their name, not by the month in which the image was built.
		'uploads_use_yearmonth_folders'               => 1,
		'woocommerce_coming_soon'                     => 'no',
		'woocommerce_store_pages_only'                => 'no',
		'woocommerce_store_address'                   => '1 Market Street',
		'woocommerce_store_city'                      => 'Berlin',
		'woocommerce_store_postcode'                  => '10115',
		'woocommerce_default_country'                 => 'DE',
		'woocommerce_default_customer_address'        => 'base',
		'woocommerce_currency'                        => 'EUR',
		'woocommerce_currency_pos'                    => 'left',
		'woocommerce_price_thousand_sep'              => ',',
		'woocommerce_price_decimal_sep'               => '.',
		'woocommerce_price_num_decimals'              => 2,
		'woocommerce_weight_unit'                     => 'kg',
		'woocommerce_dimension_unit'                  => 'cm',
		'woocommerce_calc_taxes'                      => 'no',
		'woocommerce_enable_guest_checkout'           => 'yes',
		'woocommerce_enable_signup_and_login_from_checkout' => 'no',
		'woocommerce_enable_reviews'                  => 'no',
		'woocommerce_cart_redirect_after_add'         => 'no',
		'woocommerce_enable_ajax_add_to_cart'         => 'yes',
		'woocommerce_custom_orders_table_enabled'     => 'yes',
		'woocommerce_custom_orders_table_data_sync_enabled' => 'no',
		'woocommerce_feature_custom_order_tables_enabled' => 'yes',
		'woocommerce_allow_tracking'                  => 'no',
		'woocommerce_show_marketplace_suggestions'    => 'no',
		'woocommerce_task_list_hidden'                => 'yes',
		'woocommerce_extended_task_list_hidden'       => 'yes',
		'woocommerce_task_list_welcome_modal_dismissed' => 'yes',
		'woocommerce_default_homepage_layout'         => 'two_columns',
		'woocommerce_onboarding_profile'              => array( 'skipped' => true, 'completed' => true ),
		'woocommerce_admin_dismissed_notices'         => array(),
		'woocommerce_show_admin_notice_dismissed'     => 'yes',
		'woocommerce_cod_settings'                    => array(
			'enabled'            => 'yes',
			'title'              => 'Cash on delivery',
			'description'        => 'Pay when your parcel arrives.',
			'instructions'       => 'Pay when your parcel arrives.',
			'enable_for_methods' => array(),
			'enable_for_virtual' => 'yes',
		),
	);
	foreach ( $options as $name => $value ) {
		update_option( $name, $value );
	}
	delete_option( 'woocommerce_admin_install_timestamp_checked' );
	delete_transient( '_wc_activation_redirect' );
	update_user_meta( 1, 'show_welcome_panel', 0 );
	update_user_meta( 1, 'locale', '' );
}

function write_pages(): void {
	foreach ( get_posts( array( 'post_type' => array( 'post', 'page' ), 'post_status' => 'any', 'numberposts' => -1 ) ) as $post ) {
		if ( in_array( $post->post_name, array( 'hello-world', 'sample-page', 'privacy-policy' ), true ) ) {
			wp_delete_post( $post->ID, true );
		}
	}
	WC_Install::create_pages();
	$paragraph = static fn( $text ) => "<!-- wp:paragraph -->\n<p>$text</p>\n<!-- /wp:paragraph -->\n\n";
	$pages     = array(
		'about'                => array(
			'About',
			$paragraph( 'We make and choose a few things with care: stoneware thrown by hand, linen and wool that last, and coffee roasted on Mondays.' )
			. $paragraph( 'These words, like the products on the shelves, are samples. Write your own under Pages in the administration of your shop.' ),
		),
		'delivery-and-returns' => array(
			'Delivery and returns',
			$paragraph( 'Parcels leave within two working days. Within Europe delivery costs €4.90, everywhere else €14.90. You pay when the parcel arrives.' )
			. $paragraph( 'Send back what you do not like within thirty days, unused and in its wrapping, and you get your money back.' ),
		),
	);
	foreach ( $pages as $slug => list( $title, $content ) ) {
		wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_name' => $slug, 'post_title' => $title, 'post_content' => $content ) );
	}
}

function open_delivery(): void {
	$europe = new WC_Shipping_Zone();
	$europe->set_zone_name( 'Europe' );
	$europe->add_location( 'EU', 'continent' );
	$europe->save();
	add_flat_rate( $europe, 'Standard delivery', '4.90' );
	add_flat_rate( new WC_Shipping_Zone( 0 ), 'International delivery', '14.90' );
}

function add_flat_rate( WC_Shipping_Zone $zone, string $title, string $cost ): void {
	$id = $zone->add_shipping_method( 'flat_rate' );
	update_option( "woocommerce_flat_rate_{$id}_settings", array( 'title' => $title, 'tax_status' => 'none', 'cost' => $cost ) );
}

function fill_catalogue( array $catalogue ): void {
	$categories = array();
	foreach ( $catalogue['categories'] as $category ) {
		$term = wp_insert_term( $category['name'], 'product_cat', array( 'slug' => $category['handle'], 'description' => $category['description'] ) );
		$categories[ $category['handle'] ] = $term['term_id'];
	}
	$tags = array();
	foreach ( $catalogue['collections'] as $collection ) {
		$tags[ $collection['handle'] ] = wp_insert_term( $collection['title'], 'product_tag', array( 'slug' => $collection['handle'] ) )['term_id'];
	}
	$pictures = array();
	// The newest stands first on the shelf; the catalogue is written in the order in which it should be seen.
	foreach ( array_reverse( $catalogue['products'] ) as $age => $entry ) {
		foreach ( $entry['variants'] as $variant ) {
			$pictures[ $variant['picture'] ] ??= add_picture( $variant['picture'], $entry['title'] . ', ' . $variant['value'] );
		}
		add_product( $entry, $pictures, $categories, $tags, $age );
	}
}

function add_product( array $entry, array $pictures, array $categories, array $tags, int $age ): void {
	$variants  = $entry['variants'];
	$is_simple = count( $variants ) === 1;
	$product   = $is_simple ? new WC_Product_Simple() : new WC_Product_Variable();
	$images    = array_values( array_unique( array_map( static fn( $variant ) => $pictures[ $variant['picture'] ], $variants ) ) );
	$product->set_name( $entry['title'] );
	$product->set_slug( $entry['handle'] );
	$product->set_short_description( $entry['subtitle'] );
	$product->set_description( $entry['description'] );
	$product->set_category_ids( array( $categories[ $entry['category'] ] ) );
	$product->set_tag_ids( array( $tags[ $entry['collection'] ] ) );
	$product->set_weight( $entry['weightGrams'] / 1000 );
	$product->set_image_id( $images[0] );
	$product->set_gallery_image_ids( array_slice( $images, 1 ) );
	$product->set_featured( in_array( $entry['handle'], array( 'market-tote', 'slow-pour-dripper', 'hearth-teapot' ), true ) );
	$product->set_reviews_allowed( false );
	$product->set_date_created( strtotime( '2026-01-05 08:00:00 UTC' ) + $age * 3600 );
	$attributes = array( attribute_of( $entry['option'], array_column( $variants, 'value' ), ! $is_simple ), attribute_of( 'Material', array( $entry['material'] ), false ) );
	$product->set_attributes( $attributes );
	if ( $is_simple ) {
		$product->set_sku( $variants[0]['sku'] );
		put_on_shelf( $product, $variants[0]['eur'], $entry['stock'] );
		$product->save();
		return;
	}
	$option = sanitize_title( $entry['option'] );
	$product->set_default_attributes( array( $option => $variants[0]['value'] ) );
	$id = $product->save();
	foreach ( $variants as $position => $variant ) {
		$variation = new WC_Product_Variation();
		$variation->set_parent_id( $id );
		$variation->set_attributes( array( $option => $variant['value'] ) );
		$variation->set_sku( $variant['sku'] );
		$variation->set_image_id( $pictures[ $variant['picture'] ] );
		$variation->set_menu_order( $position );
		put_on_shelf( $variation, $variant['eur'], $entry['stock'] );
		$variation->save();
	}
	WC_Product_Variable::sync( $id );
}

function put_on_shelf( WC_Product $product, float $price, int $stock ): void {
	$product->set_regular_price( (string) $price );
	$product->set_manage_stock( true );
	$product->set_stock_quantity( $stock );
	$product->set_stock_status( 'instock' );
}

function attribute_of( string $name, array $values, bool $decides_variation ): WC_Product_Attribute {
	$attribute = new WC_Product_Attribute();
	$attribute->set_name( $name );
	$attribute->set_options( $values );
	$attribute->set_visible( true );
	$attribute->set_variation( $decides_variation );
	return $attribute;
}

function add_picture( string $name, string $words ): int {
	$folder = wp_upload_dir( '2026/01' )['path'];
	$file   = "$folder/$name.webp";
	copy( "/usr/share/souk/samples/$name.webp", $file );
	$id = wp_insert_attachment( array( 'post_mime_type' => 'image/webp', 'post_title' => $words, 'post_status' => 'inherit' ), $file, 0, true );
	if ( is_wp_error( $id ) ) {
		throw new RuntimeException( $id->get_error_message() );
	}
	wp_update_attachment_metadata( $id, wp_generate_attachment_metadata( $id, $file ) );
	update_post_meta( $id, '_wp_attachment_image_alt', $words );
	return $id;
}
