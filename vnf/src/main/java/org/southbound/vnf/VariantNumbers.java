// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.southbound.api.VnfApi.Numbers;
import org.southbound.api.VnfApi.Operation;

/**
 * The three numbers of each variant (the paper's section 4.2), as the benchmark {@code variants} measured them: lines
 * {@code NF.OPERATION.VARIANT=PERFORMANCE ACCURACY RESOURCE} in variants.properties.
 */
final class VariantNumbers {
  private VariantNumbers() {}

  static Map<Operation, Map<String, Numbers>> of(String function) {
    var measured = new Properties();
    try (var in = VariantNumbers.class.getResourceAsStream("variants.properties")) {
      measured.load(in);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    var result = new EnumMap<Operation, Map<String, Numbers>>(Operation.class);
    var transfers = new LinkedHashMap<String, Numbers>();
    Catalog.TRANSFERS.forEach(each -> transfers.put(each.name(), numbers(measured, function, "transfer", each.name())));
    result.put(Operation.TRANSFER, transfers);
    var replications = new LinkedHashMap<String, Numbers>();
    Catalog.REPLICATIONS
        .forEach(each -> replications.put(each.name(), numbers(measured, function, "replicate", each.name())));
    result.put(Operation.REPLICATE, replications);
    return result;
  }

  private static Numbers numbers(Properties measured, String function, String operation, String variant) {
    var line = measured.getProperty(function + '.' + operation + '.' + variant,
        measured.getProperty("any." + operation + '.' + variant, "0 0 0"));
    var numbers = line.trim().split("\\s+", -1);
    return new Numbers(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]), Integer.parseInt(numbers[2]));
  }
}
