// Where podman and buildah keep images without privileges: no overlay, no mounts, below a test's own directory. A runroot has 50
// characters at most.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientRegistry } from './client-registry.ts'
import { run } from './run.ts'

export interface ContainerClient {
  readonly does: (...args: readonly string[]) => Promise<string>
  readonly fails: (...args: readonly string[]) => Promise<string>
  /** The client's own words when it cannot work on this machine at all. */
  readonly unable: string | undefined
}

/** `probes` are commands, in order, that need no registry: what fails of them is for the machine to give. */
export async function openContainerClient(
  registry: ClientRegistry,
  program: string,
  probes: readonly (readonly string[])[],
): Promise<ContainerClient> {
  const { directory, environment, host } = registry
  const root = ['--root', join(directory, 'storage'), '--runroot', join(directory, 'runs')]
  const storage = [...root, '--storage-driver', 'vfs']
  // Not every command has a flag for plain HTTP; the file serves all.
  const registries = join(directory, 'registries.conf')
  await writeFile(registries, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`)
  const env = { CONTAINERS_REGISTRIES_CONF: registries }
  const probe = async (): Promise<string | undefined> => {
    for (const args of probes) {
      const options = { env: { ...environment, ...env }, cwd: directory }
      const { status, stderr } = await run(program, [...storage, ...args], options)
      if (status === 0) continue
      const words = stderr.split('\n').filter((line) => !line.includes('level=warning'))
      return `${program} ${args[0] ?? ''} does not work here: ${words[0] ?? ''}`
    }
    return undefined
  }
  return {
    does: async (...args) =>
      (await registry.succeed(program, [...storage, ...args], { env })).trim(),
    fails: async (...args) => registry.fail(program, [...storage, ...args], { env }),
    unable: await probe(),
  }
}
