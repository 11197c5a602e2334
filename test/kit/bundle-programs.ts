// The programs that tests start again and again, each written into few files: what a start of the many files costs shows nothing.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Where `npm run test:all` has put them; a test that is run alone starts what lies in the tree. */
const bundled = process.env['BUNDLED_PROGRAMS']

/** The file that starts a program: its bundle where there is one, else the source. */
export function fileOfProgram(name: 'pratique' | 'crash', source: string): string {
  return bundled === undefined ? join(root, source) : join(bundled, `${name}.mjs`)
}

export async function bundlePrograms(directory: string): Promise<void> {
  await build({
    entryPoints: {
      pratique: join(root, 'cli/main.ts'),
      crash: join(root, 'test/crash/program.ts'),
    },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    keepNames: true,
    logLevel: 'error',
    // Libraries of the older kind of module ask for it.
    banner: {
      js: `import { createRequire as requireOf } from 'node:module'\nconst require = requireOf(import.meta.url)`,
    },
    plugins: [
      {
        // Files that lie beside a source (migrations, threads) are read from where they lie.
        name: 'own addresses',
        setup(bundling) {
          bundling.onLoad({ filter: /\/(?:src|cli)\/.*\.ts$/ }, async ({ path }) => {
            const text = await readFile(path, 'utf8')
            const address = JSON.stringify(pathToFileURL(path).href)
            return { contents: text.replaceAll('import.meta.url', address), loader: 'ts' }
          })
        },
      },
    ],
  })
}
