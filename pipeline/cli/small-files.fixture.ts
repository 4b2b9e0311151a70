/*
 * A project that trains in a moment, on Python's standard library alone. Its hyperparameters make it misbehave:
 *   train   good | fail | crash | slow | stubborn: ignores SIGTERM, as does its child
 *   serve   good | nan | marker | wide | short | die | stubborn
 *   weight  of the one feature that tells: negative is worse than chance
 *   seconds that training and each answer take
 */

export const smallConfig = `project: small
problem: binary
data:
  source: data.csv
  target: y
  positive: "yes"
  row_id: id
  slices: [group]
  features_exclude: [group]
model: { context: model }
training:
  hyperparameters: { weight: 1, train: good, serve: good }
  metrics: { quality: 'quality=([0-9.]+);' }
gate:
  thresholds: { roc_auc: { min: 0.6 } }
  champion: { rule: non_inferior, margin: 0.05 }
  slices: off
`;

/** 400 rows of a feature that tells, a feature that does not, and a group. */
export function smallData(rows = 400): string {
  // Park and Miller's generator: the same rows on every machine.
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const lines = Array.from({ length: rows }, (_, index) => {
    const x = 4 * random() - 2;
    const y = random() < 1 / (1 + Math.exp(-2 * x)) ? 'yes' : 'no';
    return `r${index},${x.toFixed(4)},${random().toFixed(4)},${index % 3 === 0 ? 'a' : 'b'},${y}`;
  });
  return `id,x,noise,group,y\n${lines.join('\n')}\n`;
}

const programs = `
import json, math, os, signal, subprocess, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

base = os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")


def train():
    with open(base + "/input/config/hyperparameters.json") as file:
        given = json.load(file)
    print("weight " + given["weight"], flush=True)
    if given["train"] == "fail":
        print("about to give up", flush=True)
        with open(base + "/output/failure", "w") as file:
            file.write("the data has no sense: weight " + given["weight"])
        sys.exit(1)
    if given["train"] == "crash":
        raise KeyError("no such column")
    if given["train"] == "slow":
        # A child of its own, which has to go with it.
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        time.sleep(300)
    if given["train"] == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        time.sleep(300)
    time.sleep(float(given.get("seconds", 0)))
    with open(base + "/model/model.json", "w") as file:
        json.dump(given, file)
    print("quality=%.6f;" % (1 / (1 + abs(float(given["weight"]) - 1))), flush=True)


def serve():
    with open(base + "/model/model.json") as file:
        model = json.load(file)
    if model["serve"] == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def answer(line):
        score = "%.9f" % (1 / (1 + math.exp(-float(model["weight"]) * float(line.split(",")[0]))))
        return {"nan": "nan", "marker": "error: bad record", "wide": score + ",1,2"}.get(model["serve"], score)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self, text):
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self):
            self.reply(b"")

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if model["serve"] == "die":
                print("out of memory, so it says", flush=True)
                os._exit(7)
            time.sleep(300 if model["serve"] == "stubborn" else float(model.get("seconds", 0)))
            lines = [answer(line) for line in body.splitlines()]
            self.reply(("\\n".join(lines[1:] if model["serve"] == "short" else lines) + "\\n").encode())

        def log_message(self, *args):
            pass

    port = os.environ.get("SAGEMAKER_BIND_TO_PORT")
    address = ("0.0.0.0", 8080) if port is None else ("127.0.0.1", int(port))
    ThreadingHTTPServer(address, Handler).serve_forever()


if __name__ == "__main__":
    {"train": train, "serve": serve}[sys.argv[1]]()
`;

/** A project that trains in a moment, by the paths of its files. */
export const smallFiles = (): Record<string, string> => ({
  'mlops.yaml': smallConfig,
  'data.csv': smallData(),
  'model/Dockerfile': 'FROM scratch\n',
  'model/requirements.txt': '',
  'model/pyproject.toml':
    '[project]\nname = "small"\n[project.scripts]\ntrain = "small.programs:train"\nserve = "small.programs:serve"\n',
  'model/src/small/__init__.py': '',
  'model/src/small/programs.py': programs,
});

/** `--set` of hyperparameters. */
export const behave = (values: Record<string, string | number>): string[] =>
  Object.entries(values).flatMap(([name, value]) => ['--set', `training.hyperparameters.${name}=${value}`]);
