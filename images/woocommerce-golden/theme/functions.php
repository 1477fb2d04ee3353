<?php
// The theme's one stylesheet and what WooCommerce must know about it; everything else is in theme.json and the templates.
add_action(
	'wp_enqueue_scripts',
	static function () {
		wp_enqueue_style( 'souk', get_stylesheet_uri(), array(), wp_get_theme()->get( 'Version' ) );
	}
);
add_action(
	'after_setup_theme',
	static function () {
		add_editor_style( 'style.css' );
		add_theme_support( 'woocommerce', array( 'thumbnail_image_width' => 640, 'single_image_width' => 1000 ) );
		add_theme_support( 'wc-product-gallery-slider' );
	}
);
// The header has its places for what WooCommerce would otherwise hang beside the menu by itself.
add_filter(
	'hooked_block_types',
	static function ( $types ) {
		return array_values( array_diff( $types, array( 'woocommerce/customer-account', 'woocommerce/mini-cart' ) ) );
	},
	100
);
