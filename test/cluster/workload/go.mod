module faro.test/workload

go 1.24.0
