package dev.gleaner.worker.fetch.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressGuardTest {
    /** From bytes, because the JDK turns mapped addresses into IPv4 ones on its own. */
    private static InetAddress address(String text) throws Exception {
        return InetAddress.getByAddress(NetUtil.createByteArrayFromIpAddressString(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "10.0.0.1",
                "10.255.255.255",
                "100.64.0.1",
                "100.127.255.255",
                "127.0.0.1",
                "127.255.255.255",
                "169.254.169.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.8",
                "192.0.2.1",
                "192.88.99.1",
                "192.168.1.1",
                "198.18.0.1",
                "198.19.255.255",
                "198.51.100.1",
                "203.0.113.255",
                "224.0.0.1",
                "239.255.255.255",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "::1",
                "::7f00:1",
                "::ffff:10.0.0.1",
                "::ffff:0:808:808",
                "64:ff9b::808:808",
                "64:ff9b:1::1",
                "100::1",
                "2001::1",
                "2001:1ff:ffff::1",
                "2001:db8::1",
                "2002:a00:1::1",
                "3fff::1",
                "3fff:fff:ffff::1",
                "5f00::1",
                "fc00::1",
                "fdff::1",
                "fe80::1",
                "fec0::1",
                "ff02::1",
                "4000::1",
                "1::1"
            })
    void specialPurposeAddressesAreForbidden(String text) throws Exception {
        assertTrue(AddressGuard.strict().forbids(address(text)).isPresent(), text);
    }

    /** By name, because the rule that nothing but global unicast passes would hide a range that is missing. */
    @ParameterizedTest
    @CsvSource({
        "::1,'unspecified, loopback or IPv4-compatible'",
        "::ffff:0:808:808,IPv4-translated",
        "64:ff9b::808:808,NAT64",
        "64:ff9b:1::1,local NAT64",
        "100::1,discard-only",
        "5f00::1,segment routing",
        "fdff::1,unique local",
        "febf::1,link-local",
        "fec0::1,site-local",
        "ff02::1,multicast",
        "4000::1,not global unicast"
    })
    void theRangeIsNamed(String text, String name) throws Exception {
        assertEquals(name, AddressGuard.strict().forbids(address(text)).orElse(""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "8.8.8.8",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.1",
                "172.15.255.255",
                "172.32.0.0",
                "192.167.255.255",
                "192.169.0.0",
                "192.0.1.0",
                "192.0.3.0",
                "192.88.98.255",
                "198.51.101.0",
                "203.0.114.0",
                "169.253.255.255",
                "198.17.255.255",
                "198.20.0.0",
                "223.255.255.255",
                "2606:4700::1111",
                "2a00:1450::1",
                "2001:200::1",
                "2003::1",
                "2001:db9::1"
            })
    void publicAddressesAreAllowed(String text) throws Exception {
        assertEquals("", AddressGuard.strict().forbids(address(text)).orElse(""), text);
    }

    @Test
    void theLoopbackFlagOpensLoopbackOnly() throws Exception {
        AddressGuard open = AddressGuard.allowingLoopback();
        assertTrue(open.forbids(address("127.0.0.1")).isEmpty());
        assertTrue(open.forbids(address("::1")).isEmpty());
        assertTrue(open.forbids(address("192.168.1.1")).isPresent());
        assertTrue(open.allowsPort(address("127.0.0.1"), 8080));
        assertFalse(open.allowsPort(address("8.8.8.8"), 8080));
    }

    @Test
    void onlyWebPortsAreAllowed() throws Exception {
        InetAddress somewhere = address("8.8.8.8");
        assertTrue(AddressGuard.strict().allowsPort(somewhere, 80));
        assertTrue(AddressGuard.strict().allowsPort(somewhere, 443));
        for (int port : new int[] {0, 22, 79, 81, 442, 444, 8_080, 65_535}) {
            assertFalse(AddressGuard.strict().allowsPort(somewhere, port));
        }
        assertFalse(AddressGuard.strict().allowsPort(address("127.0.0.1"), 8_080));
    }
}
