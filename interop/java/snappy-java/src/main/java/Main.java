// snappy-java, asked over standard input. A request is two parts, a line of words and a payload, each after its length as 32 bits, little-endian:
//
//     compress | uncompress              a raw block
//     xerial BLOCK_SIZE | unxerial       SnappyOutputStream and SnappyInputStream: the framing of Kafka's Java clients
//     framed BLOCK_SIZE | unframed       SnappyFramedOutputStream and SnappyFramedInputStream: framing_format.txt
//     version
//
// The answer is its length and itself; 0xffffffff, the length of a message and the message when it failed.

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyFramedInputStream;
import org.xerial.snappy.SnappyFramedOutputStream;
import org.xerial.snappy.SnappyInputStream;
import org.xerial.snappy.SnappyOutputStream;

public final class Main {
  // What a Kafka client would write at a time.
  private static final int WRITE = 10_000;

  public static void main(String[] arguments) throws IOException {
    DataInputStream in = new DataInputStream(System.in);
    OutputStream out = System.out;
    for (;;) {
      String[] words;
      byte[] payload;
      try {
        words = new String(readPart(in), StandardCharsets.UTF_8).split(" ");
        payload = readPart(in);
      } catch (EOFException end) {
        return;
      }
      try {
        byte[] result = serve(words, payload);
        out.write(word(result.length));
        out.write(result);
      } catch (IOException | RuntimeException failure) {
        byte[] message = failure.toString().getBytes(StandardCharsets.UTF_8);
        out.write(word(-1));
        out.write(word(message.length));
        out.write(message);
      }
      out.flush();
    }
  }

  private static byte[] serve(String[] words, byte[] payload) throws IOException {
    ByteArrayOutputStream target = new ByteArrayOutputStream();
    switch (words[0]) {
      case "version":
        return Snappy.getNativeLibraryVersion().getBytes(StandardCharsets.UTF_8);
      case "compress":
        return Snappy.compress(payload);
      case "uncompress":
        return Snappy.uncompress(payload);
      case "xerial":
        return written(new SnappyOutputStream(target, Integer.parseInt(words[1])), target, payload);
      case "framed":
        return written(new SnappyFramedOutputStream(target, Integer.parseInt(words[1]), 0.85), target, payload);
      case "unxerial":
        return read(new SnappyInputStream(new ByteArrayInputStream(payload)), target);
      case "unframed":
        return read(new SnappyFramedInputStream(new ByteArrayInputStream(payload), true), target);
      default:
        throw new IllegalArgumentException("no such operation: " + words[0]);
    }
  }

  private static byte[] written(OutputStream stream, ByteArrayOutputStream target, byte[] payload) throws IOException {
    for (int at = 0; at < payload.length; at += WRITE) stream.write(payload, at, Math.min(WRITE, payload.length - at));
    stream.close();
    return target.toByteArray();
  }

  private static byte[] read(InputStream stream, ByteArrayOutputStream target) throws IOException {
    stream.transferTo(target);
    return target.toByteArray();
  }

  private static byte[] readPart(DataInputStream in) throws IOException {
    byte[] part = new byte[Integer.reverseBytes(in.readInt())];
    in.readFully(part);
    return part;
  }

  private static byte[] word(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }
}
