// Says hello from a thread and from a parallel stream.
public class Hello {
  public static void main(String[] args) throws Exception {
    Thread thread = new Thread(() -> System.out.println("hello from a thread"));
    thread.start();
    thread.join();
    System.out.println("hello " + java.util.stream.IntStream.range(0, 100000).parallel().asLongStream().sum());
  }
}
