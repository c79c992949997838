import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** Serves an empty MongoDB in memory on the port that is given, until it is ended. */
public class Server {
    public static void main(String[] arguments) {
        int port = Integer.parseInt(arguments[0]);
        new MongoServer(new MemoryBackend().version(new Oldest())).bind("127.0.0.1", port);
    }

    /** MongoDB 4.4: the oldest that today's PyMongo speaks to; it uses nothing newer then. */
    private static final class Oldest implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(4, 4, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 9;
        }
    }
}
