// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.transport;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.southbound.netconf.session.Limits;

/**
 * Checks passwords, which is slow on purpose, on a few threads of its own: guessing takes at most half of the processors, and
 * no thread that sessions need. The answer to a wrong password is held back. Thread-safe.
 */
final class Passwords implements AutoCloseable {
  private static final int WAITING = 256;

  private final Supplier<Limits> limits;
  private final ThreadPoolExecutor threads;

  Passwords(Supplier<Limits> limits) {
    this.limits = limits;
    int count = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    threads = new ThreadPoolExecutor(count, count, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(WAITING),
        Thread.ofPlatform().daemon().name("password-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
  }

  /** Runs the check and says once what came of it; that nothing can be checked now is a no. */
  void check(BooleanSupplier check, Consumer<Boolean> answer) {
    try {
      threads.execute(() -> {
        if (check.getAsBoolean()) {
          answer.accept(true);
        } else {
          CompletableFuture.delayedExecutor(limits.get().loginDelay().toMillis(), TimeUnit.MILLISECONDS, Runnable::run)
              .execute(() -> answer.accept(false));
        }
      });
    } catch (RejectedExecutionException full) {
      answer.accept(false);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
