package cmd

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
)

// anyPath objects to what no file can be called.
func anyPath(path string) error {
	if strings.ContainsRune(path, 0) || strings.TrimSpace(path) != path {
		return bad(strings.TrimSpace(strings.ReplaceAll(path, "\x00", "")), "%q cannot be a path", path)
	}
	return nil
}

// longestSocket is what every system has room for in a Unix socket's address.
const longestSocket = 100

func socketPath(path string) error {
	if len(path) > longestSocket {
		return bad("", "the path has %d bytes, and a socket's may have %d", len(path), longestSocket)
	}
	return anyPath(path)
}

var legalName = regexp.MustCompile(`^[A-Za-z0-9._-]*$`)

// memberName objects to what cannot be part of client ids, file names and transactional ids alike.
func memberName(name string) error {
	if legalName.MatchString(name) && len(name) <= 100 {
		return nil
	}
	proposal := unsafeInName.ReplaceAllString(name, "-")
	if len(proposal) > 100 {
		proposal = ""
	}
	return bad(proposal, "%q is not a name", name)
}

// topicName follows Kafka's own rule.
func topicName(name string) error {
	switch {
	case name == "." || name == "..":
		return bad("", "%q is not a topic's name", name)
	case !legalName.MatchString(name):
		proposal := strings.Trim(unsafeInName.ReplaceAllString(name, "-"), "-")
		if topicName(proposal) != nil {
			proposal = ""
		}
		return bad(proposal, "%q is not a topic's name", name)
	case len(name) > 249:
		return bad("", "a topic's name has at most 249 characters, and this one %d", len(name))
	}
	return nil
}

func expression(text string) error {
	if _, err := regexp.Compile(text); err != nil {
		return bad(regexp.QuoteMeta(text), "%v", err)
	}
	return nil
}

// loopback keeps the embedded broker on this host: it asks nobody for a password.
func loopback(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return bad("", "%q is not host:port", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return bad("", "%q is not a port", port)
	} else if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return bad(fmt.Sprintf("127.0.0.1:%d", n), "%q would be open to other hosts, and the embedded broker asks for no password", address)
	}
	return nil
}
