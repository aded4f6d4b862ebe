package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A step is a running step run.
type step struct {
	*run
	id      string
	outputs []output
}

// step runs work as a step run with the given inputs, producing one output per artifact. An output is called what is
// left of the artifact's name without the name of the pipeline: train for penguins_train.
func (r *run) step(ctx context.Context, name string, inputs []version, artifacts []string, work func(context.Context, *step) error) error {
	s := &step{run: r}
	for _, artifact := range artifacts {
		s.outputs = append(s.outputs, output{strings.TrimPrefix(artifact, "penguins_"), artifact})
	}
	var err error
	if s.id, err = r.client.startStepRun(ctx, r.id, name, inputs, s.outputs); err != nil {
		return fmt.Errorf("step %s: %w", name, err)
	}
	begin := time.Now()
	if err = work(ctx, s); err == nil {
		err = s.log(ctx, toStepRun(s.id), "duration", object{{"duration", asDuration(time.Since(begin))}})
	}
	err = r.finish(ctx, err, func(ctx context.Context, status string) error {
		return r.client.finishStepRun(ctx, s.id, status)
	})
	if err != nil {
		return fmt.Errorf("step %s: %w", name, err)
	}
	return nil
}

// finish ends a run as COMPLETED, or as FAILED when err says so. A failure is told to the server even when the program
// is being stopped, so that no run stays RUNNING for ever; the first error is the one returned.
func (r *run) finish(ctx context.Context, err error, end func(context.Context, string) error) error {
	if err == nil {
		return end(ctx, "COMPLETED")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = end(ctx, "FAILED")
	return err
}

// log logs facts from this step. The purpose tells the write from the other writes of the step, so that sending it again
// stores it once.
func (s *step) log(ctx context.Context, target object, purpose string, metadata object) error {
	return s.client.logMetadata(ctx, target, metadata, s.id+"/"+purpose)
}

// save makes the output for an artifact its next version.
func (s *step) save(ctx context.Context, artifact, kind string, tags ...string) (version, error) {
	for _, o := range s.outputs {
		if o.artifact == artifact {
			return s.client.createArtifactVersion(ctx, s.id, o, kind, tags)
		}
	}
	return version{}, fmt.Errorf("the step declares no output for %s", artifact)
}

// write stores a file of an artifact and returns the facts of where it is and how large.
func (r *run) write(name string, data []byte) (object, error) {
	path := "artifacts/" + name
	if err := os.WriteFile(r.file(name), data, 0o600); err != nil {
		return nil, err
	}
	return object{{"path", asPath(path)}, {"size", asStorageSize(len(data))}}, nil
}

// file is where the artifact's file lies on this machine.
func (r *run) file(name string) string {
	return filepath.Join(r.folder, "artifacts", name)
}
