module libmcpclient.dev/go/mcpclient

go 1.24
