//go:build tools

// Package stern pins the peer that the benchmarks run beside faro.
package stern

import _ "github.com/stern/stern"
