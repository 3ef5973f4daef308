// Servers with their clients in one container: one row each.
import { testPrograms } from './run.ts';

/** Waits until a shell condition holds, for at most half a minute. */
const until = (condition: string): string => `for i in $(seq 150); do ${condition} > /dev/null 2>&1 && break; sleep 0.2; done`;

testPrograms([
  {
    name: 'nginx and curl', seconds: 90,
    script: `mkdir www && seq 100000 > www/n.txt && echo '<h1>hi</h1>' > www/index.html && cat > n.conf <<'END'
worker_processes 2; error_log /tmp/w/error.log; pid /tmp/w/pid; events { worker_connections 64; }
http { access_log /tmp/w/access.log; client_body_temp_path /tmp/w/b; server { listen 127.0.0.1:8080; listen [::1]:8080; root /tmp/w/www; sendfile on; gzip on; } }
END
chmod 755 /tmp/w; nginx -c /tmp/w/n.conf && curl -s http://127.0.0.1:8080/ && curl -s 'http://[::1]:8080/n.txt' | cmp - www/n.txt && curl -s -r 10-19 http://localhost:8080/n.txt | od -c | head -1
curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:8080/none; for i in $(seq 20); do curl -s http://127.0.0.1:8080/ & done | sort | uniq -c; echo new > www/index.html; nginx -c /tmp/w/n.conf -s reload && sleep 0.5; curl -s http://127.0.0.1:8080/ && nginx -c /tmp/w/n.conf -s quit; ${until('! [ -e pid ]')}; wc -l < access.log; [ -e pid ] || echo stopped`,
    output: '<h1>hi</h1>\n0000000   6  \\n   7  \\n   8  \\n   9  \\n   1   0\n404\n     20 <h1>hi</h1>\nnew\n25\nstopped\n',
  },
  {
    name: 'redis: server, cli, benchmark, background save', seconds: 150,
    script: `redis-server --port 6390 --daemonize yes --dir /tmp/w --save '' --logfile /tmp/w/log --pidfile /tmp/w/pid > /dev/null; ${until('redis-cli -p 6390 ping')}
r() { redis-cli -p 6390 "$@"; }; r set a 1; r incrby a 41; r eval 'return redis.call("get", KEYS[1]) .. "!"' 1 a; seq 1 2000 | sed 's/.*/rpush l &/' | r > /dev/null; r llen l
redis-benchmark -p 6390 -q -n 2000 -c 10 -t set,get --csv | cut -d, -f1; r bgsave; ${until("redis-cli -p 6390 info persistence | grep -q 'rdb_bgsave_in_progress:0'")}; r info persistence | tr -d '\\r' | grep rdb_last_bgsave_status; head -c 5 dump.rdb; echo; redis-check-rdb dump.rdb | grep -c 'RDB looks OK'
r subscribe c > sub & sleep 0.5; r publish c hello; sleep 0.5; kill $!; tail -1 sub; r shutdown nosave; ${until('! redis-cli -p 6390 ping')}; echo stopped`,
    output: 'OK\n42\n42!\n2000\n"test"\n"SET"\n"GET"\nBackground saving started\nrdb_last_bgsave_status:ok\nREDIS\n1\n1\nhello\nstopped\n',
  },
  {
    name: 'postgres: initdb, server, psql on two connections', seconds: 300,
    script: `mkdir d && chown postgres d && chmod 711 /tmp/w && cat > go.sh <<'END'
cd /tmp/w; PATH=/usr/lib/postgresql/15/bin:$PATH; export PGHOST=/tmp PGUSER=postgres PGDATABASE=postgres
initdb -D d -A trust -U postgres --locale=C -E UTF8 > /dev/null || exit 1
pg_ctl -D d -w -t 120 -s -o "-k /tmp -c listen_addresses=127.0.0.1" -l d/log start || { cat d/log; exit 1; }
psql -qAt -c "create table t(a int primary key, b text); insert into t select i, md5(i::text) from generate_series(1, 2000) i; create index on t(b);"
{ echo "begin; update t set b = 'first' where a = 1;"; echo '\\! touch d/updated'; ${until('[ -e d/wanted ]')}; sleep 0.5; echo "commit;"; } | psql -qAt & ${until('[ -e d/updated ]')}
{ echo "select b from t where a = 1;"; echo '\\! touch d/wanted'; echo "update t set b = b || ' second' where a = 1; select b from t where a = 1;"; } | psql -qAt -h 127.0.0.1; wait
psql -qAt -c "select count(*), sum(a) from t; select count(*) from pg_stat_activity where backend_type = 'client backend'; explain (costs off) select * from t where b = 'x';" | head -3
pg_dump -t t | grep -c '^[0-9]'; psql -qAt -c 'vacuum analyze' -c 'select 1/0' 2>&1
pg_ctl -D d -m fast -w -s stop; pg_controldata d | grep state
END
setpriv --reuid postgres --regid postgres --clear-groups sh go.sh`,
    output: /^c4ca4238a0b923820dcc509a6f75849b\nfirst second\n2000\|2001000\n1\n.*(Index|Bitmap).*\n2000\nERROR: {2}division by zero\nDatabase cluster state: +shut down\n$/,
  },
  {
    name: 'php -S and curl', seconds: 60,
    script: `echo '<?php header("X-Hi: there"); echo "hello ", htmlspecialchars($_GET["n"] ?? ""), " ", strlen(file_get_contents("php://input")), "\\n";' > index.php; php -S 127.0.0.1:8000 > log 2>&1 & ${until('curl -s http://127.0.0.1:8000/')}
curl -s "http://127.0.0.1:8000/?n=a%3Cb"; head -c 100000 /dev/zero | curl -s --data-binary @- http://127.0.0.1:8000/; curl -sI http://127.0.0.1:8000/ | tr -d '\\r' | grep X-Hi; kill $!; wait $!; echo $?`,
    output: 'hello a&lt;b 0\nhello  100000\nX-Hi: there\n143\n',
  },
  {
    name: 'openssl: s_server and s_client', seconds: 90,
    script: `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c -days 1 -subj /CN=localhost 2>/dev/null; openssl s_server -accept 4433 -cert c -key k -WWW -quiet > /dev/null 2>&1 & seq 5000 > f
${until('openssl s_client -connect 127.0.0.1:4433 < /dev/null')}
for v in -tls1_2 -tls1_3; do printf 'GET /f HTTP/1.0\\r\\n\\r\\n' | openssl s_client -connect 127.0.0.1:4433 -CAfile c -verify_return_error -servername localhost $v -quiet 2>/dev/null | tail -n 5000 | cmp - f && echo same; done; kill $!`,
    output: 'same\nsame\n',
  },
  { name: 'openssl speed', seconds: 90, script: "openssl speed -seconds 1 -bytes 1024 sha256 aes-128-cbc 2>/dev/null | grep -E '^(sha256|aes-128-cbc)' | awk '{ print tolower($1), ($2 + 0 > 0) }' | sort", output: 'aes-128-cbc 1\nsha256 1\n' },
  {
    name: 'ssh-keygen', seconds: 90,
    script: `for t in ed25519 "rsa -b 2048" ecdsa; do ssh-keygen -q -t $t -N '' -f k; ssh-keygen -lf k.pub | sed 's/ .*(/ (/'; ssh-keygen -y -f k | cut -d' ' -f2 | grep -qF -f - k.pub && echo same; echo text | ssh-keygen -q -Y sign -f k -n file - > sig 2>/dev/null; echo "a $(cat k.pub)" > allowed; echo text | ssh-keygen -Y verify -f allowed -I a -n file -s sig | cut -d' ' -f1; rm k k.pub; done`,
    output: '256 (ED25519)\nsame\nGood\n2048 (RSA)\nsame\nGood\n256 (ECDSA)\nsame\nGood\n',
  },
  {
    name: 'ssh-agent', seconds: 60,
    script: `eval "$(ssh-agent)" > /dev/null; ssh-keygen -q -t ed25519 -N '' -f k -C me; ssh-add -q k; ssh-add -l | cut -d' ' -f3-; ssh-agent -k > /dev/null; kill -0 $SSH_AGENT_PID 2>/dev/null || echo ended`,
    output: /^me \(ED25519\)\n(ended\n)?$/,
  },
  {
    name: 'ps, lsof, ip and strace', seconds: 90,
    script: `sleep 60 & ps -o stat=,comm= -p $!; lsof -p $! -a -d cwd -Fn | tail -1; ip -br addr show lo | awk '{ print $1, $3 }'; ip -o link show lo | grep -o 'mtu [0-9]*'; ss -ltn | head -1 | awk '{ print $1 }'; kill $!; pstree -A $$ | grep -c bash`,
    output: /^SN? +sleep\nn\/tmp\/w\nlo 127\.0\.0\.1\/8\nmtu 65536\nState\n1\n$/,
  },
]);
