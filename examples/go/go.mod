module example.com/ping

go 1.24

require libmcpclient.dev/go/mcpclient v0.0.0

replace libmcpclient.dev/go/mcpclient => ../../bindings/go
