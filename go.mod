module github.com/hibana-stream/hibana

go 1.26
