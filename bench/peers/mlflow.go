package peers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/placard/placard/bench/client"
	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/workload"
)

// StartMLflow starts the tracking server of MLflow with two workers on a database of PostgreSQL.
func (f Folder) StartMLflow(ctx context.Context, database *url.URL) (*process.Server, error) {
	host := url.QueryEscape(database.Query().Get("host"))
	store := fmt.Sprintf("postgresql+psycopg2://%s@%s?host=%s", database.User.Username(), database.Path, host)
	return process.Command{Program: f.path("mlflow", "bin", "mlflow"), Dir: f.path("mlflow"),
		Args: []string{"server", "--backend-store-uri", store, "--default-artifact-root", f.path("mlflow", "artifacts"),
			"--host", "127.0.0.1", "--port", "PORT", "--workers", "2",
			// By default a worker is killed if it does not answer within five seconds, as on a busy machine.
			"--uvicorn-opts", "--timeout-worker-healthcheck 60"},
		Env:   []string{"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false"},
		Ready: "/health", Log: f.path("mlflow", "log")}.Start(ctx)
}

// MLflowLogs creates runs, and returns the operation that logs ten metrics of one of them.
func MLflowLogs(address string, runs int) (operation client.Operation, err error) {
	connection, err := client.Dial(address, time.Now().Add(10*time.Minute))
	if err != nil {
		return client.Operation{}, err
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	ids := make([]string, runs)
	for i := range ids {
		var created struct {
			Run struct {
				Info struct {
					ID string `json:"run_id"`
				}
			}
		}
		if err := send(connection, post("/api/2.0/mlflow/runs/create", map[string]any{"experiment_id": "0"}), &created); err != nil {
			return client.Operation{}, err
		}
		ids[i] = created.Run.Info.ID
	}
	return client.Operation{Name: "log to MLflow", Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
		metrics := make([]any, workload.EntriesPerLog)
		for key := range metrics {
			metrics[key] = map[string]any{"key": fmt.Sprintf("metric_%d", key), "value": random.Float64(),
				"timestamp": time.Now().UnixMilli(), "step": random.IntN(1_000_000)}
		}
		return post("/api/2.0/mlflow/runs/log-batch", map[string]any{"run_id": ids[random.IntN(len(ids))], "metrics": metrics}),
			func(body []byte) error {
				if string(body) != "{}" {
					return errors.New("the response is not empty")
				}
				return nil
			}
	}}, nil
}
