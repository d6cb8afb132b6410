// Package cmd joins the parts: the command tree, the configuration, and Main, which the binary, the tests and anybody else's
// program run.
//
//	func main() { cmd.Execute(job) }
//
// is a whole program.
package cmd
