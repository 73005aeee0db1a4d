// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.southbound.api.ApiException;
import org.southbound.api.VnfApi.Event;
import org.southbound.api.VnfApi.Job;
import org.southbound.api.VnfApi.Operation;
import org.southbound.api.VnfApi.StateRequest;
import org.southbound.flow.FlowSpace;

/** Operations on state that run, and the latest that ended. Any thread. */
final class Jobs {
  private static final int HISTORY = 100;
  private static final long PROGRESS_NANOS = 1_000_000_000L;

  /** A job that runs; its fields are written by the thread that runs it. */
  final class Running {
    final UUID id = UUID.randomUUID();
    final String kind;
    final Operation operation;
    final StateRequest request;
    final Instant started = Instant.now();
    volatile String state = "queued";
    volatile long flowsTotal;
    volatile long flowsDone;
    volatile long octets;
    volatile long pauseNanos = -1;
    volatile long held;
    volatile long epoch = -1;
    volatile boolean cancelled;
    /** From here on the job can no longer be cancelled. */
    volatile boolean committed;
    private volatile Instant ended;
    private volatile String appTag = "";
    private volatile String message = "";
    private long told = System.nanoTime();

    private Running(String kind, Operation operation, StateRequest request) {
      this.kind = kind;
      this.operation = operation;
      this.request = request;
    }

    /** The job is at another step. */
    void state(String next) {
      state = next;
      progress();
    }

    /** Tells how far the job is, at most once a second. */
    void progress() {
      long now = System.nanoTime();
      if (now - told >= PROGRESS_NANOS) {
        told = now;
        events.accept(new Event.JobProgress(snapshot()));
      }
    }

    Job snapshot() {
      return new Job(id, kind, operation, request.variant(), request.clientToken(), state, flowsTotal, flowsDone,
          octets, pauseNanos, held, epoch, started, Optional.ofNullable(ended), appTag, message,
          request.destination(), request.scope(), request.parts(), request.options());
    }

    /** Ends the job: complete, failed or cancelled. */
    void end(String last, String tag, String why) {
      ended = Instant.now();
      state = last;
      appTag = tag;
      message = why;
      held = 0;
      retire(this);
      events.accept(new Event.JobEnded(snapshot()));
    }
  }

  private final Consumer<Event> events;
  private final Map<UUID, Running> running = new LinkedHashMap<>();
  private final ArrayDeque<Running> ended = new ArrayDeque<>();

  Jobs(Consumer<Event> events) {
    this.events = events;
  }

  /** A job for a request; if one with the same token and input is there, that one. */
  synchronized Optional<Running> known(StateRequest request) throws ApiException {
    if (request.clientToken().isEmpty()) {
      return Optional.empty();
    }
    for (var job : all()) {
      if (job.request.clientToken().equals(request.clientToken())) {
        if (job.request.equals(request)) {
          return Optional.of(job);
        }
        throw new ApiException("data-exists", "southbound:token-reused", "client-token",
            "job " + job.id + " has this token and other input", Map.of("job", job.id.toString()));
      }
    }
    return Optional.empty();
  }

  /** Starts a job. Throws scope-in-use when another one's scope overlaps. */
  synchronized Running begin(String kind, Operation operation, StateRequest request) throws ApiException {
    for (var job : running.values()) {
      if (job.operation == operation && !job.state.equals("standby")
          && job.request.scope().overlaps(request.scope())) {
        throw new ApiException("in-use", "southbound:scope-in-use", "scope",
            "the scope overlaps that of job " + job.id + "; wait for it or cancel it",
            Map.of("job", job.id.toString()));
      }
    }
    var job = new Running(kind, operation, request);
    running.put(job.id, job);
    return job;
  }

  private synchronized void retire(Running job) {
    running.remove(job.id);
    ended.addLast(job);
    if (ended.size() > HISTORY) {
      ended.removeFirst();
    }
  }

  private List<Running> all() {
    var jobs = new ArrayList<>(ended);
    jobs.addAll(running.values());
    return jobs;
  }

  synchronized List<Job> snapshots() {
    return all().stream().map(Running::snapshot).toList();
  }

  synchronized Optional<Running> find(UUID id) {
    return all().stream().filter(job -> job.id.equals(id)).findFirst();
  }

  /** Jobs that run and whose scope overlaps. */
  synchronized List<UUID> conflicts(FlowSpace scope) {
    return running.values().stream().filter(job -> job.request.scope().overlaps(scope)).map(job -> job.id).toList();
  }

  void cancel(UUID id) throws ApiException {
    var job = find(id).orElseThrow(
        () -> new ApiException("data-missing", "southbound:unknown-job", "job", "there is no job " + id));
    synchronized (job) {
      if (job.committed || job.ended != null) {
        throw new ApiException("operation-failed", "southbound:too-late", "job",
            "job " + id + " is " + job.state + "; it can no longer be cancelled");
      }
      job.cancelled = true;
    }
  }
}
