// Command hibana runs the job in job.go.
package main

import "github.com/hibana-stream/hibana/cmd"

func main() { cmd.Execute(job) }
