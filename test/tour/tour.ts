// npm run tour: the product in one minute, without docker and without network. Prints each command, ready to paste.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { writeImageLayout, type LayoutImage } from '../kit/image-layout.ts'
import { run } from '../kit/run.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const program = here('../../bin/pratique.js')
const modules = here('../../node_modules/')

interface Tour {
  readonly directory: string
  readonly url: string
  readonly environment: NodeJS.ProcessEnv
  /** For the commands that are printed: what the registry accepts as user and password. */
  readonly user: string
}

const print = (line = ''): void => {
  process.stdout.write(`${line}\n`)
}

function heading(text: string): void {
  print(`\n── ${text}`)
}

function shown(command: string): void {
  print(`$ ${command}`)
}

const directory = await mkdtemp(join(tmpdir(), 'pratique-tour-'))
const keeps = process.argv.includes('--keep')
const server = startServer(join(directory, 'data'))
try {
  const tour = await readyTour(server, directory)
  await takeTour(tour)
  if (keeps) {
    heading('The registry keeps running for your own commands; stop it with Ctrl-C.')
    print(exportsOf(tour))
    await once(server, 'exit')
  }
} finally {
  if (server.exitCode === null && server.signalCode === null) {
    const ended = once(server, 'exit')
    server.kill('SIGTERM')
    await ended
  }
  await rm(directory, { recursive: true, force: true })
}

function startServer(data: string): ChildProcess {
  const settings = {
    PRATIQUE_DATA: data,
    PRATIQUE_LISTEN: '127.0.0.1:0',
    PRATIQUE_LOG: 'silent',
    PRATIQUE_FEEDS: 'none',
  }
  heading('A registry starts: its own database, keys and credentials, nothing to set up.')
  shown('npm start')
  return spawn(process.execPath, [program, 'serve'], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function readyTour(child: ChildProcess, root: string): Promise<Tour> {
  if (child.stdout === null) throw new Error('no stdout')
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^pratique listening on (\S+)/.exec(line)?.[1]
    if (url === undefined) continue
    print(line)
    child.stdout.resume()
    return describeTour(url, root)
  }
  throw new Error('the server ended before it was ready')
}

async function describeTour(url: string, root: string): Promise<Tour> {
  const data = join(root, 'data')
  const env = await run(process.execPath, [program, 'env', '--data', data, '--shell', 'json'])
  const variables: unknown = JSON.parse(env.stdout)
  if (typeof variables !== 'object' || variables === null) throw new Error('no environment')
  const pairs = new Map(Object.entries(variables).map(([name, value]) => [name, String(value)]))
  const user = `${pairs.get('AWS_ACCESS_KEY_ID') ?? ''}:${pairs.get('AWS_SECRET_ACCESS_KEY') ?? ''}`
  const environment = { ...process.env, PRATIQUE_DATA: data, ...Object.fromEntries(pairs) }
  return { directory: root, url, environment, user }
}

function exportsOf(tour: Tour): string {
  const names = ['AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
  return names.map((name) => `export ${name}='${tour.environment[name] ?? ''}'`).join('\n')
}

async function takeTour(tour: Tour): Promise<void> {
  shown(`eval "$(npx pratique env --data ${join(tour.directory, 'data')})"`)

  heading(
    'An image is composed of real files: a small Debian base and two packages from node_modules.',
  )
  const first = await composeImage(join(tour.directory, 'app-1.0'), 'first release')
  print(`${relative(tour.directory, first.directory)}: manifest ${first.manifestDigest}`)

  heading('A repository is made, and the image is pushed over HTTP.')
  await createRepository(tour)
  await push(tour, first, '1.0')

  heading('It was scanned on arrival. What was found, and where:')
  await pratique(tour, ['gate', 'tour/app:1.0', '--fail-on', 'none', '--wait', '30s'])

  heading('The tag is immutable: other content under the same tag is refused.')
  const second = await composeImage(join(tour.directory, 'app-1.0-again'), 'second thought')
  await push(tour, second, '1.0')

  heading('May it go out? The gate says no, and its exit code says so to a pipeline.')
  const status = await pratique(tour, [
    'gate',
    'tour/app:1.0',
    '--fail-on',
    'high',
    '--show',
    'high',
  ])
  shown('echo $?')
  print(String(status))
}

async function composeImage(target: string, note: string): Promise<LayoutImage> {
  const base = {
    'etc/os-release': await readFile(here('./base/os-release')),
    'var/lib/dpkg/status': await readFile(here('./base/dpkg-status')),
  }
  const app = {
    ...(await filesOf('tour-lodash', 'app/node_modules/lodash')),
    ...(await filesOf('tour-minimist', 'app/node_modules/minimist')),
    'app/note.txt': note,
  }
  return writeImageLayout(target, [base, app])
}

/** A package as npm installed it, under the name that it has in the image. */
async function filesOf(name: string, target: string): Promise<Readonly<Record<string, Buffer>>> {
  const root = join(modules, name)
  const files: Record<string, Buffer> = {}
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files[`${target}/${relative(root, path)}`] = await readFile(path)
  }
  return files
}

async function createRepository(tour: Tour): Promise<void> {
  shown('aws ecr create-repository --repository-name tour/app')
  const { CreateRepositoryCommand, ECRClient } = await import('@aws-sdk/client-ecr')
  const [accessKeyId = '', ...rest] = tour.user.split(':')
  const credentials = { accessKeyId, secretAccessKey: rest.join(':') }
  const client = new ECRClient({ endpoint: tour.url, region: 'us-east-1', credentials })
  const made = await client.send(new CreateRepositoryCommand({ repositoryName: 'tour/app' }))
  client.destroy()
  print(`${made.repository?.repositoryUri ?? ''}  ${made.repository?.imageTagMutability ?? ''}`)
}

/** What docker and skopeo do: each blob, then the manifest under its tag. */
async function push(tour: Tour, image: LayoutImage, tag: string): Promise<void> {
  const blobs = join(image.directory, 'blobs', 'sha256')
  for (const name of await readdir(blobs)) {
    const digest = `sha256:${name}`
    if (digest === image.manifestDigest) continue
    await request(tour, 'POST', `/v2/tour/app/blobs/uploads/?digest=${digest}`, join(blobs, name))
  }
  const type = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = join(blobs, image.manifestDigest.slice(7))
  await request(tour, 'PUT', `/v2/tour/app/manifests/${tag}`, manifest, type)
}

async function request(
  tour: Tour,
  method: string,
  path: string,
  file: string,
  type = 'application/octet-stream',
): Promise<void> {
  shown(
    `curl -X ${method} -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H 'Content-Type: ${type}' --data-binary @${file} '${tour.url}${path}'`,
  )
  const response = await fetch(tour.url + path, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(tour.user).toString('base64')}`,
      'content-type': type,
    },
    body: new Uint8Array(await readFile(file)),
  })
  const body = await response.text()
  print(`${response.status} ${response.statusText}${body === '' ? '' : `  ${body}`}`)
}

/** One command of the product's own command line; its output is shown as it is. */
async function pratique(tour: Tour, args: readonly string[]): Promise<number | null> {
  shown(`npx pratique ${args.join(' ')}`)
  const { status, stdout } = await run(process.execPath, [program, ...args], {
    env: tour.environment,
  })
  print(stdout.trimEnd())
  return status
}
