<?php
// What the store's CronJob runs: asks the shop's own pod to do what is due. So the pod of the job needs neither WordPress nor the
// database, and what is done meets the same compiled code as every request.
$host    = (string) getenv( 'SOUK_HOST' );
$headers = array( "Host: $host", 'X-Forwarded-Proto: ' . ( getenv( 'SOUK_SCHEME' ) ?: 'http' ) );
$context = stream_context_create( array( 'http' => array( 'header' => $headers, 'timeout' => 90, 'ignore_errors' => true ) ) );
$answer  = @file_get_contents( 'http://web:8080/wp-cron.php', false, $context );
$status  = (int) ( explode( ' ', $http_response_header[0] ?? '' )[1] ?? 0 );
if ( $answer === false || $status !== 200 ) {
	fwrite( STDERR, "the shop answered $status\n" );
	exit( 1 );
}
