// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.session.SessionTimes;
import org.southbound.netconf.session.Sessions;

/** Closes sessions that last or hold a lock for too long, so that a client that forgot its session or its lock keeps nobody out. */
final class SessionExpiry {
  private static final Logger LOG = LoggerFactory.getLogger(SessionExpiry.class);

  private final Sessions sessions;
  private final Datastores datastores;
  private final InstantSource clock;

  SessionExpiry(Sessions sessions, Datastores datastores, InstantSource clock) {
    this.sessions = sessions;
    this.datastores = datastores;
    this.clock = clock;
  }

  /** To be called about once a second, on a thread that may wait. */
  void check() {
    SessionTimes times = sessions.times();
    Instant now = clock.instant();
    if (!times.maximum().isZero()) {
      for (Session each : sessions.all()) {
        if (over(times.maximum(), each.login(), now)) {
          close(each, "has lasted for the maximum session time");
        }
      }
    }
    if (!times.lock().isZero()) {
      for (Datastores.Held each : datastores.held()) {
        Session holder = sessions.get(each.session());
        if (holder != null && over(times.lock(), each.since(), now)) {
          close(holder, "has held a lock for the lock timeout");
        }
      }
    }
  }

  private static boolean over(Duration limit, Instant since, Instant now) {
    return !now.isBefore(since.plus(limit));
  }

  private static void close(Session session, String why) {
    LOG.warn("session {} of {} from {} {} and is closed", session.id(), session.user().name(), session.source(), why);
    session.expire();
  }
}
