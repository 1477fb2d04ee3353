<?php
// Whether PHP runs and the database answers with a whole shop in it. Loads nothing of WordPress, so it stays cheap.
mysqli_report( MYSQLI_REPORT_OFF );
$database = mysqli_init();
$database->options( MYSQLI_OPT_CONNECT_TIMEOUT, 2 );
$database->options( MYSQLI_OPT_READ_TIMEOUT, 2 );
$address = explode( ':', getenv( 'DATABASE_HOST' ) ?: 'database', 2 );
$is_well = @$database->real_connect( $address[0], 'store', (string) getenv( 'DATABASE_PASSWORD' ), 'store', null, $address[1] ?? null )
	&& ( $answer = $database->query( "select option_value from wp_options where option_name = 'blogname'" ) )
	&& $answer->num_rows === 1;
http_response_code( $is_well ? 200 : 503 );
header( 'Content-Type: text/plain' );
header( 'Cache-Control: no-store' );
echo $is_well ? "healthy\n" : "the database does not answer\n";
