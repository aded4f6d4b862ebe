// Package client is a load generator for HTTP/1.1 that uses little CPU time, because it shares the processors with the
// server. It sends prepared bytes over persistent connections, and parses only the length and the status of responses.
package client

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// Connection is a persistent connection to a server. It is not safe for concurrent use.
type Connection struct {
	conn   net.Conn
	reader *bufio.Reader
	body   []byte
}

// Dial connects to a server. All exchanges of the connection must end before the deadline.
func Dial(address string, deadline time.Time) (*Connection, error) {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &Connection{conn: conn, reader: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// Close closes the connection.
func (c *Connection) Close() error { return c.conn.Close() }

// Exchange sends a request and returns the status and the body of its response. The body is valid until the next call.
func (c *Connection) Exchange(request []byte) (status int, body []byte, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < len("HTTP/1.1 200") || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, nil, fmt.Errorf("malformed status line %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("malformed status line %q", line)
	}
	length, chunked, err := c.readHeader()
	if err != nil {
		return status, nil, err
	}
	if chunked {
		err = c.readChunks()
	} else {
		err = c.readBody(length)
	}
	return status, c.body, err
}

var (
	contentLength    = []byte("content-length:")
	transferEncoding = []byte("transfer-encoding:")
)

// readHeader reads the header up to the empty line and returns the length of the body.
func (c *Connection) readHeader() (length int, chunked bool, err error) {
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return 0, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0:
			return length, chunked, nil
		case hasName(line, contentLength):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(contentLength):]))); err != nil {
				return 0, false, fmt.Errorf("malformed header %q", line)
			}
		case hasName(line, transferEncoding):
			chunked = bytes.Contains(line, []byte("chunked"))
		}
	}
}

// hasName reports whether a line of a header begins with a name, which is in lower case and ends with a colon.
func hasName(line, name []byte) bool {
	return len(line) >= len(name) && bytes.EqualFold(line[:len(name)], name)
}

// readBody reads a body of known length.
func (c *Connection) readBody(length int) error {
	c.body = resize(c.body, length)
	_, err := io.ReadFull(c.reader, c.body)
	return err
}

// readChunks reads a body in chunks, and the empty line after the last chunk.
func (c *Connection) readChunks() error {
	c.body = c.body[:0]
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return fmt.Errorf("malformed size of a chunk %q", line)
		}
		old := len(c.body)
		c.body = resize(c.body, old+int(size))
		if _, err := io.ReadFull(c.reader, c.body[old:]); err != nil {
			return err
		}
		if _, err := c.reader.Discard(len("\r\n")); err != nil || size == 0 {
			return err
		}
	}
}

// resize returns a slice of a length that begins with the bytes of b.
func resize(b []byte, length int) []byte {
	if length <= cap(b) {
		return b[:length]
	}
	larger := make([]byte, length, length+length/4)
	copy(larger, b)
	return larger
}

// Post returns a POST request with a JSON body. header has complete lines.
func Post(path, header string, body []byte) []byte {
	request := make([]byte, 0, len(body)+len(header)+128)
	request = append(request, "POST "+path+" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"+header+"Content-Length: "...)
	request = strconv.AppendInt(request, int64(len(body)), 10)
	return append(append(request, "\r\n\r\n"...), body...)
}

// Get returns a GET request. header has complete lines.
func Get(path, header string) []byte {
	return []byte("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + header + "\r\n")
}
