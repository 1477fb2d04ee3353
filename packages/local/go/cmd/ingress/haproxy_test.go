// Runs the real HAProxy with the real configuration and maps against small servers on loopback; no cluster. Skipped
// where HAProxy is not installed.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

type testProxy struct {
	address string
	maps    *Maps
}

// startTestProxy trusts nobody unless told: the tests are loopback, as an edge proxy would be.
func startTestProxy(t *testing.T, trusted string, table Table) *testProxy {
	t.Helper()
	if _, err := exec.LookPath("haproxy"); err != nil {
		t.Skip("haproxy is not installed")
	}
	settings, maps := newTestSettings(t, trusted)
	if err := WriteProxyFiles(settings); err != nil {
		t.Fatal(err)
	}
	if err := maps.WriteFiles(table); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended, err := StartProxy(ctx, settings, maps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return &testProxy{address: settings.Listen, maps: maps}
}

func newTestSettings(t *testing.T, trusted string) (ProxySettings, *Maps) {
	t.Helper()
	// Unix socket paths are short by law, so not below t.TempDir().
	folder, err := os.MkdirTemp("", "souk-ingress-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	settings := ProxySettings{Folder: folder, Listen: address, TrustedProxies: trusted, MaxConnections: 200, AnyHost: anyHost}
	return settings, NewMaps(folder, settings.socket())
}

func (p *testProxy) request(t *testing.T, method string, host string, path string, header http.Header, body io.Reader) *http.Response {
	t.Helper()
	request, err := http.NewRequest(method, "http://"+p.address+path, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	if header != nil {
		request.Header = header
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func (p *testProxy) get(t *testing.T, host string, path string) (status int, body string) {
	t.Helper()
	response := p.request(t, http.MethodGet, host, path, nil, nil)
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// named answers with its own name, so that a test sees where a request arrived.
func named(t *testing.T, name string) (target string) {
	return serve(t, func(response http.ResponseWriter, _ *http.Request) { fmt.Fprint(response, name) })
}

func serve(t *testing.T, handler http.HandlerFunc) (target string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.Replace(server.Listener.Addr().String(), ":", "|", 1)
}

func emptyTable() Table {
	return Table{Hosts: map[string]string{}, Exact: map[string]string{}, Prefix: map[string]string{}, Counts: map[string]string{}, Endpoints: map[string]string{}}
}

func (table Table) with(site string, path string, service string, targets ...string) Table {
	table.Hosts[site] = site
	table.Prefix[site+strings.TrimRight(path, "/")+"/"] = service
	table.Counts[service] = fmt.Sprint(len(targets))
	for index, target := range targets {
		table.Endpoints[fmt.Sprintf("%s#%d", service, index)] = target
	}
	return table
}

func TestRequestsArriveWhereTheLongestPathSays(t *testing.T) {
	table := emptyTable().
		with("acme.example", "/", "front", named(t, "front")).
		with("acme.example", "/app", "back", named(t, "back")).
		with("acme.example", "/app/special", "special", named(t, "special")).
		with("*.wild.example", "/", "wild", named(t, "wild"))
	table.Exact["acme.example/health"] = "back"
	proxy := startTestProxy(t, "127.0.0.9", table)
	cases := []struct{ host, path, want string }{
		{"acme.example", "/", "front"},
		{"ACME.example:8080", "/anything?next=/app/", "front"},
		{"acme.example", "/app", "back"},
		{"acme.example", "/app/", "back"},
		{"acme.example", "/app/login", "back"},
		{"acme.example", "/app?x=1", "back"},
		{"acme.example", "/apple", "front"},
		{"acme.example", "/app/special/offer", "special"},
		{"acme.example", "/app/specials", "back"},
		{"acme.example", "/health", "back"},
		{"acme.example", "/health/", "front"},
		{"acme.example", "/healthy", "front"},
		{"one.wild.example", "/x", "wild"},
	}
	for _, test := range cases {
		if status, body := proxy.get(t, test.host, test.path); status != 200 || body != test.want {
			t.Errorf("%s%s: got %d %q, want %q", test.host, test.path, status, body, test.want)
		}
	}
	for _, host := range []string{"unknown.example", "two.one.wild.example", "wild.example", anyHost, "acme.example.evil.example"} {
		if status, body := proxy.get(t, host, "/"); status != 404 || !strings.Contains(body, "No store here") {
			t.Errorf("%s: got %d %q", host, status, body)
		}
	}
}

func TestAStoreWithoutEndpointsSaysThatItIsStarting(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := strings.Replace(listener.Addr().String(), ":", "|", 1)
	listener.Close()
	proxy := startTestProxy(t, "127.0.0.9", emptyTable().
		with("none.example", "/", "none").
		with("refusing.example", "/", "refusing", closed))
	for _, host := range []string{"none.example", "refusing.example"} {
		response := proxy.request(t, http.MethodGet, host, "/", nil, nil)
		body, _ := io.ReadAll(response.Body)
		if response.StatusCode != 503 || response.Header.Get("Retry-After") == "" || !strings.Contains(string(body), "This store is starting") {
			t.Errorf("%s: got %d, Retry-After %q, %s", host, response.StatusCode, response.Header.Get("Retry-After"), body)
		}
	}
}

func TestAllEndpointsOfAServiceGetRequests(t *testing.T) {
	proxy := startTestProxy(t, "127.0.0.9", emptyTable().
		with("acme.example", "/", "web", named(t, "one"), named(t, "two"), named(t, "three")))
	seen := map[string]int{}
	for range 150 {
		_, body := proxy.get(t, "acme.example", "/")
		seen[body]++
	}
	if len(seen) != 3 || seen["one"] < 20 || seen["two"] < 20 || seen["three"] < 20 {
		t.Errorf("requests arrived as %v", seen)
	}
}

func TestForwardedHeadersAreBelievedOnlyFromTrustedProxies(t *testing.T) {
	echo := serve(t, func(response http.ResponseWriter, request *http.Request) {
		fmt.Fprintf(response, "%s|%s|%s|%s|%s|%s", request.Host, strings.Join(request.Header.Values("X-Forwarded-For"), ","),
			request.Header.Get("X-Forwarded-Proto"), request.Header.Get("X-Forwarded-Host"), request.Header.Get("Forwarded"), request.Header.Get("Proxy"))
	})
	claimed := http.Header{
		"X-Forwarded-For": {"203.0.113.7"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"acme.example"},
		"Forwarded": {"for=1.2.3.4"}, "Proxy": {"evil"},
	}
	cases := []struct {
		name, trusted string
		header        http.Header
		want          string
	}{
		{"claims of strangers are dropped", "127.0.0.9", claimed, "acme.example:8080|127.0.0.1|http|acme.example:8080||"},
		{"claims of the edge are kept", "127.0.0.0/8", claimed, "acme.example:8080|203.0.113.7|https|acme.example||"},
		{"without claims it is what we see", "127.0.0.0/8", http.Header{}, "acme.example:8080|127.0.0.1|http|acme.example:8080||"},
	}
	for _, test := range cases {
		proxy := startTestProxy(t, test.trusted, emptyTable().with("acme.example", "/", "web", echo))
		response := proxy.request(t, http.MethodGet, "acme.example:8080", "/", test.header, nil)
		if body, _ := io.ReadAll(response.Body); string(body) != test.want {
			t.Errorf("%s: got %q, want %q", test.name, body, test.want)
		}
	}
}

func TestLargeUploadsAndEventStreamsPass(t *testing.T) {
	release := make(chan struct{})
	target := serve(t, func(response http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodPost {
			size, err := io.Copy(io.Discard, request.Body)
			fmt.Fprint(response, size, err)
			return
		}
		response.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(response, "data: first\n\n")
		response.(http.Flusher).Flush()
		<-release
		fmt.Fprint(response, "data: second\n\n")
	})
	proxy := startTestProxy(t, "127.0.0.9", emptyTable().with("acme.example", "/", "web", target))

	const size = 150 << 20
	response := proxy.request(t, http.MethodPost, "acme.example", "/upload", http.Header{}, io.LimitReader(rand.Reader, size))
	if body, _ := io.ReadAll(response.Body); string(body) != fmt.Sprint(size, error(nil)) {
		t.Errorf("upload: got %q", body)
	}

	stream := proxy.request(t, http.MethodGet, "acme.example", "/events", nil, nil)
	reader := bufio.NewReader(stream.Body)
	// The first event is here while the second is not even sent: nothing is held back on the way.
	if line, err := reader.ReadString('\n'); err != nil || line != "data: first\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	close(release)
	if rest, err := io.ReadAll(reader); err != nil || !strings.Contains(string(rest), "data: second") {
		t.Errorf("got %q, %v", rest, err)
	}
}

func TestOnlyHarmlessRequestsAreAskedTwice(t *testing.T) {
	var mutex sync.Mutex
	asked := map[string]int{}
	target := serve(t, func(response http.ResponseWriter, request *http.Request) {
		mutex.Lock()
		asked[request.Method]++
		isFirst := asked[request.Method] == 1
		mutex.Unlock()
		if isFirst {
			// Gone without an answer, as a pod that is killed.
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(response, "second")
	})
	proxy := startTestProxy(t, "127.0.0.9", emptyTable().with("acme.example", "/", "web", target))
	if status, body := proxy.get(t, "acme.example", "/"); status != 200 || body != "second" {
		t.Errorf("GET: got %d %q", status, body)
	}
	response := proxy.request(t, http.MethodPost, "acme.example", "/", http.Header{}, strings.NewReader("pay"))
	if response.StatusCode != 502 || asked[http.MethodPost] != 1 {
		t.Errorf("POST: got %d after %d requests", response.StatusCode, asked[http.MethodPost])
	}
}

func TestWebSocketsPass(t *testing.T) {
	target := serve(t, func(response http.ResponseWriter, request *http.Request) {
		connection, buffer, err := response.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close()
		fmt.Fprintf(buffer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: %s\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", request.Header.Get("Upgrade"))
		buffer.Flush()
		line, _ := buffer.ReadString('\n')
		fmt.Fprint(buffer, "echo "+line)
		buffer.Flush()
	})
	proxy := startTestProxy(t, "127.0.0.9", emptyTable().with("acme.example", "/", "web", target))
	connection, err := net.Dial("tcp", proxy.address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprint(connection, "GET /socket HTTP/1.1\r\nHost: acme.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	reader := bufio.NewReader(connection)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %v, %v", response, err)
	}
	fmt.Fprint(connection, "hello\n")
	if line, err := reader.ReadString('\n'); err != nil || line != "echo hello\n" {
		t.Errorf("got %q, %v", line, err)
	}
}

func TestRoutesComeAndGoWithoutDisturbingRequestsUnderWay(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	slow := serve(t, func(response http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		fmt.Fprint(response, "finished")
	})
	proxy := startTestProxy(t, "127.0.0.9", emptyTable().with("slow.example", "/", "slow", slow))
	t.Cleanup(letGo)
	finished := make(chan string, 1)
	go func() {
		_, body := proxy.get(t, "slow.example", "/")
		finished <- body
	}()
	<-entered
	web := named(t, "web")
	var times []time.Duration
	for round := range 50 {
		host := fmt.Sprintf("store%d.example", round)
		started := time.Now()
		if _, err := proxy.maps.Apply(emptyTable().with(host, "/", "web", web)); err != nil {
			t.Fatal(err)
		}
		times = append(times, time.Since(started))
		if status, body := proxy.get(t, host, "/"); status != 200 || body != "web" {
			t.Fatalf("%s: got %d %q", host, status, body)
		}
		if status, _ := proxy.get(t, fmt.Sprintf("store%d.example", round-1), "/"); status != 404 {
			t.Fatalf("the route before %s is still there: %d", host, status)
		}
	}
	slices.Sort(times)
	t.Logf("a change takes %v (median), %v (longest)", times[len(times)/2], times[len(times)-1])
	letGo()
	if body := <-finished; body != "finished" {
		t.Errorf("the request under way got %q", body)
	}
}

func TestAKilledProxyServesAgainWithTheRoutesOfThatMoment(t *testing.T) {
	if _, err := exec.LookPath("haproxy"); err != nil {
		t.Skip("haproxy is not installed")
	}
	settings, maps := newTestSettings(t, "127.0.0.9")
	if err := WriteProxyFiles(settings); err != nil {
		t.Fatal(err)
	}
	proxy := &testProxy{address: settings.Listen, maps: maps}
	web := named(t, "web")
	table := emptyTable().with("first.example", "/", "web", web)
	started := make(chan struct{}, 2)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	kept := make(chan error, 1)
	go func() {
		kept <- KeepProxy(ctx, settings, maps, func() (Table, error) { return table, nil }, time.Second, func() { started <- struct{}{} })
	}()
	awaitStart := func() {
		t.Helper()
		select {
		case <-started:
		case err := <-kept:
			t.Fatalf("the proxy was given up: %v", err)
		case <-time.After(20 * time.Second):
			t.Fatal("the proxy did not start")
		}
	}
	awaitStart()
	if status, _ := proxy.get(t, "first.example", "/"); status != 200 {
		t.Fatalf("got %d", status)
	}
	table = emptyTable().with("second.example", "/", "web", web)
	answer, err := maps.command("show info")
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscanf(answer[strings.Index(answer, "\nPid:"):], "\nPid: %d", &pid); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitStart()
	if status, _ := proxy.get(t, "second.example", "/"); status != 200 {
		t.Errorf("the new route: got %d", status)
	}
	if status, _ := proxy.get(t, "first.example", "/"); status != 404 {
		t.Errorf("the old route: got %d", status)
	}
	cancel()
	if err := <-kept; err != nil {
		t.Errorf("a wanted end is no error: %v", err)
	}
}

func TestAThousandStoresAreSwitchedAtOnce(t *testing.T) {
	web := named(t, "web")
	table := emptyTable()
	for store := range 1000 {
		site := fmt.Sprintf("store%d.example", store)
		service := fmt.Sprintf("store-%d/storefront:8000", store)
		for _, path := range []string{"/", "/app", "/admin", "/auth", "/store", "/static", "/health"} {
			table = table.with(site, path, service, web)
		}
	}
	proxy := startTestProxy(t, "127.0.0.9", emptyTable())
	started := time.Now()
	if _, err := proxy.maps.Apply(table); err != nil {
		t.Fatal(err)
	}
	t.Logf("7000 routes took %v", time.Since(started))
	if status, body := proxy.get(t, "store999.example", "/app/x"); status != 200 || body != "web" {
		t.Errorf("got %d %q", status, body)
	}
	changed, err := proxy.maps.Apply(table)
	if err != nil || changed {
		t.Errorf("an equal table changed something: %v, %v", changed, err)
	}
}
