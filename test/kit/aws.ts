// The unmodified aws CLI. Where it is the one of Python, its program is read once for a test file and forked for each command:
// every command is a process of its own, as a user's, that begins where `import awscli` has ended.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { run, type Finished } from './run.ts'

/** Prints where it lies when its `aws` and its library are the same installation. */
const findPython = `
import os, shutil, sys, awscli
same = os.path.dirname(shutil.which('aws') or '?') == os.path.dirname(shutil.which('python3') or '')
print(sys.executable if same else '')
`

const forkCommands = `
import json, os, signal, sys, traceback, awscli.clidriver
def command(ask):
    for number, path, flags in [(0, os.devnull, os.O_RDONLY), (1, ask['stdout'], 65), (2, ask['stderr'], 65)]:
        os.dup2(os.open(path, flags, 0o600), number)
    # Where its own models lie it has written there when it was read.
    models = os.environ['AWS_DATA_PATH']
    os.environ.clear()
    os.environ.update(ask['env'], AWS_DATA_PATH=models)
    sys.argv = ['aws', *ask['args']]
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(124))
    signal.alarm(120)
    try:
        return awscli.clidriver.main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
report = os.dup(1)
for line in sys.stdin:
    ask = json.loads(line)
    if os.fork() == 0:
        status = 255
        try:
            status = command(ask)
        except SystemExit as end:
            status = end.code
        except BaseException:
            traceback.print_exc()
        finally:
            os.write(report, b'%d %d\\n' % (ask['id'], status or 0))
            os._exit(0)
    try:
        while os.waitpid(-1, os.WNOHANG)[0] > 0: pass
    except ChildProcessError:
        pass
`

interface Forker {
  readonly child: ChildProcess
  readonly waiting: Map<number, (status: number) => void>
  asked: number
}

let forker: Forker | undefined | 'none' = undefined

/** Runs one command of the CLI to its end; one that hangs is ended after two minutes. */
export async function runAws(
  args: readonly string[],
  { env }: { readonly env: NodeJS.ProcessEnv },
): Promise<Finished> {
  forker ??= openForker()
  if (forker === 'none') return run('aws', args, { env })
  const { child, waiting } = forker
  const directory = await mkdtemp(join(tmpdir(), 'pratique-aws-'))
  try {
    const [stdout, stderr] = [join(directory, 'stdout'), join(directory, 'stderr')]
    const id = (forker.asked += 1)
    const ended = new Promise<number>((resolve) => waiting.set(id, resolve))
    child.ref()
    child.stdin?.write(`${JSON.stringify({ id, args, env, stdout, stderr })}\n`)
    const status = await ended
    if (waiting.size === 0) child.unref()
    const [said, complained] = await Promise.all([stdout, stderr].map((path) => readFile(path)))
    return { status, stdout: String(said), stderr: String(complained) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function openForker(): Forker | 'none' {
  const found = spawnSync('python3', ['-c', findPython], { encoding: 'utf8' })
  const python = found.status === 0 ? found.stdout.trim() : ''
  if (python === '') return 'none'
  const child = spawn(python, ['-u', '-c', forkCommands], { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting = new Map<number, (status: number) => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [id = 0, status = 0] = line.split(' ').map(Number)
    waiting.get(id)?.(status)
    waiting.delete(id)
  })
  // One that dies fails its commands, instead of letting them wait for ever; the next are started as anybody's.
  child.once('exit', () => {
    forker = 'none'
    for (const told of waiting.values()) told(255)
  })
  child.stdin.on('error', () => undefined)
  // It ends with its input: a test file that waits for nothing else is over.
  child.unref()
  for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref()
  return { child, waiting, asked: 0 }
}
