// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.Datastores;
import org.southbound.netconf.datastore.Datastores.Name;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.session.Session;
import org.southbound.netconf.xml.SubtreeFilter;
import org.southbound.netconf.xml.XmlIn;

/** One operation as a client asks for it; {@code in} stands at the operation's element. */
record Request(Context context, Session session, XmlIn in) {

    Datastores.Writer writer() {
        return new Datastores.Writer(session.id(), session.user());
    }

    /** For an operation without parameters. */
    void none() throws NetconfException {
        if (in.child()) {
            throw in.unknown();
        }
    }

    /** The datastore named by the one child of the present element: source or target. */
    Name datastore() throws NetconfException {
        String parameter = in.name();
        if (!in.child()) {
            throw XmlIn.missing(parameter);
        }
        Name name = named();
        in.skip();
        if (in.child()) {
            throw in.unknown();
        }
        return name;
    }

    /** The datastore that the present element names. */
    Name named() throws NetconfException {
        return switch (in.name()) {
            case "running" -> Name.RUNNING;
            case "candidate" -> Name.CANDIDATE;
            case "startup", "url" -> throw NetconfException
                    .of(ErrorTag.OPERATION_NOT_SUPPORTED, "There is no datastore " + in.name() + " here.")
                    .info("bad-element", in.name());
            default -> throw in.unknown();
        };
    }

    /** The filter that the present element is. */
    SubtreeFilter filter() throws NetconfException {
        String type = in.attribute(null, "type");
        type = type == null ? in.attribute(Schema.NETCONF, "type") : type;
        if (type != null && !type.equals("subtree")) {
            throw NetconfException.of(ErrorTag.BAD_ATTRIBUTE, "A filter of type " + type + " is not supported.")
                    .info("bad-attribute", "type").info("bad-element", "filter");
        }
        return SubtreeFilter.read(in);
    }
}
