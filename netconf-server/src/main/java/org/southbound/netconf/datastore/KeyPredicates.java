// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.util.LinkedHashMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.namespace.NamespaceContext;
import org.opendaylight.yangtools.yang.common.QName;
import org.opendaylight.yangtools.yang.data.api.YangInstanceIdentifier.NodeIdentifierWithPredicates;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.schema.YangNode;

/** The key predicates of an instance-identifier, as the attribute yang:key holds them: {@code [ex:name='a'][ex:id="1"]}. */
final class KeyPredicates {
    private static final Pattern ONE = Pattern
            .compile("\\G\\s*\\[\\s*(?:[\\w.-]+:)?([\\w.-]+)\\s*=\\s*(?:'([^']*)'|\"([^\"]*)\")\\s*\\]\\s*");

    private KeyPredicates() {
    }

    static NodeIdentifierWithPredicates parse(YangNode list, NamespaceContext namespaces, String text,
            Supplier<NetconfException> bad) throws NetconfException {
        var given = new LinkedHashMap<String, String>();
        Matcher match = ONE.matcher(text);
        int end = 0;
        while (match.find()) {
            given.put(match.group(1), match.group(2) == null ? match.group(3) : match.group(2));
            end = match.end();
        }
        var values = new LinkedHashMap<QName, Object>();
        for (YangNode key : list.keys()) {
            String value = given.remove(key.localName());
            if (value == null) {
                throw bad.get();
            }
            try {
                values.put(key.name, key.parse(namespaces, value));
            } catch (IllegalArgumentException e) {
                throw bad.get();
            }
        }
        if (!given.isEmpty() || end != text.length()) {
            throw bad.get();
        }
        return NodeIdentifierWithPredicates.of(list.name, values);
    }
}
