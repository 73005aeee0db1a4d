// SPDX-License-Identifier: Apache-2.0
package org.southbound.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class MarkCountTest {
  @Test
  void shouldNotTakeTheSecondMarkOfOneWayForTheFirstOfAnother() throws Exception {
    var marks = new MarkCount();
    marks.expect(1, 2);
    marks.seen(1);
    assertFalse(marks.await(Duration.ZERO));
    // The other way is slow; asked for again, the fast way's mark comes a second time.
    marks.expect(2, 2);
    marks.seen(2);
    assertFalse(marks.await(Duration.ZERO));
    marks.seen(1);
    assertTrue(marks.await(Duration.ZERO));
    assertEquals(3, marks.total());
  }

  @Test
  void shouldCountMarksThatComeBeforeItIsKnownHowMany() throws Exception {
    var marks = new MarkCount();
    marks.seen(1);
    assertFalse(marks.await(Duration.ZERO));
    marks.expect(1, 1);
    assertTrue(marks.await(Duration.ZERO));
  }
}
