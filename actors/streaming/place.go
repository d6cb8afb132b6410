package streaming

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const packagePath = "github.com/hibana-stream/hibana/actors/streaming"

// unknown is the place of what nobody has written down.
const unknown = "unknown"

// place is file:line of the caller outside this package: the line of the user's job that an error message names.
func place() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if !inPackage(f) {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return unknown
		}
	}
}

// inPackage tells whether a frame is the engine's own, or the kit's, whose inputs and outputs a test writes down; tests count as users.
func inPackage(f runtime.Frame) bool {
	own := strings.HasPrefix(f.Function, packagePath+".") || strings.HasPrefix(f.Function, packagePath+"/streamingtest.")
	return own && !strings.HasSuffix(f.File, "_test.go")
}

// Where the functions of a job, and where listeners, are called from.
var (
	userFunctions = []string{packagePath + ".(*Task).guard", packagePath + ".shielded"}
	emitting      = packagePath + ".listener.told"
)

// under tells whether the calling goroutine is inside one of the functions: a Stop that waited there would wait for itself. The call
// stack knows it for sure, which no flag shared between goroutines does.
func under(functions ...string) bool {
	var pcs [256]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if slices.Contains(functions, f.Function) {
			return true
		}
		if !more {
			return false
		}
	}
}
