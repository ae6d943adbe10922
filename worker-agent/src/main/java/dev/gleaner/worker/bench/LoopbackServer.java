package dev.gleaner.worker.bench;

import dev.gleaner.worker.guest.OwnJava;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What benches fetch from: a process of its own that serves the files of a folder in turn to whoever asks, at all of 127.0.0.0/8.
 * An address whose path begins with {@code /hang} is never answered, one with {@code /drip} very slowly, and one with {@code
 * /slow} after two seconds.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A connection that fails is its client's matter.
final class LoopbackServer implements AutoCloseable {
    static final long SLOW_MILLIS = 2_000;

    private final Process process;
    private final int port;

    private LoopbackServer(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts it in a process of its own. */
    static LoopbackServer start(Path folder) throws IOException {
        Process process = new ProcessBuilder(
                        OwnJava.command(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        LoopbackServer.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String port = out.readLine();
        if (port == null) {
            throw new IOException("the bench's web server did not start");
        }
        return new LoopbackServer(process, Integer.parseInt(port));
    }

    /** An address of one of so many hosts. */
    String address(int host, String path) {
        return "http://" + host(host) + ":" + port + path;
    }

    static String host(int number) {
        return "127." + number / 62_500 + "." + (1 + number / 250 % 250) + "." + (1 + number % 250);
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** @param args the folder; prints the port and ends with its standard input */
    public static void main(String[] args) throws Exception {
        List<ByteBuf> bodies = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of(args[0]))) {
            for (Path file : files.sorted().toList()) {
                byte[] bytes = Files.readAllBytes(file);
                bodies.add(Unpooled.unreleasableBuffer(
                        Unpooled.directBuffer(bytes.length).writeBytes(bytes)));
            }
        }
        Channel server = new ServerBootstrap()
                .group(new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory()))
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 8_192)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline().addLast(new HttpServerCodec()).addLast(new Answer(bodies));
                    }
                })
                .bind(new InetSocketAddress("0.0.0.0", 0))
                .sync()
                .channel();
        System.out.println(((InetSocketAddress) server.localAddress()).getPort());
        System.out.flush();
        while (System.in.read() >= 0) {
            // Until the bench closes it.
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static final class Answer extends SimpleChannelInboundHandler<HttpObject> {
        private final List<ByteBuf> bodies;

        Answer(List<ByteBuf> bodies) {
            this.bodies = bodies;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
            if (!(message instanceof HttpRequest request)) {
                return;
            }
            String path = request.uri();
            ByteBuf body = bodies.get(Math.floorMod(path.hashCode(), bodies.size()));
            if (path.startsWith("/slow")) {
                ctx.executor().schedule(() -> send(ctx, body), SLOW_MILLIS, TimeUnit.MILLISECONDS);
            } else if (path.startsWith("/drip")) {
                HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
                head.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
                ctx.writeAndFlush(head);
            } else if (!path.startsWith("/hang")) {
                send(ctx, body);
            }
        }

        private static void send(ChannelHandlerContext ctx, ByteBuf body) {
            DefaultFullHttpResponse response =
                    new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, body.duplicate());
            response.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, "image/jpeg")
                    .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes())
                    .set(HttpHeaderNames.CONNECTION, "close");
            ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
