// Runtimes and compilers of languages.
import type { KnownProgram } from './known-program.ts'

const pythonVersion = '([0-9]\\.[0-9]{1,2}\\.[0-9]{1,2}(?:(?:a|b|rc)[0-9]{1,2})?)\\+?'

export const runtimes: readonly KnownProgram[] = [
  {
    name: 'bash',
    file: /^bash$/,
    marks: [
      { near: '@(#)Bash version ', pattern: /@\(#\)Bash version ([0-9]+\.[0-9]+\.[0-9]+)\(/ },
    ],
  },
  {
    name: 'bun',
    file: /^bun(?:\.exe)?$/,
    marks: [{ near: 'Bun v', pattern: /Bun v([0-9]+\.[0-9]+\.[0-9]+)[\0\n]/ }],
  },
  {
    name: 'cabal-install',
    file: /^cabal$/,
    marks: [
      { near: '/cabal-install-', pattern: /\/cabal-install-([0-9]+(?:\.[0-9]+){2,3})-/ },
      { near: '-inplace:Distribution', pattern: /\0Cabal-([0-9]+(?:\.[0-9]+){2,3})-inplace:/ },
    ],
  },
  {
    name: 'dart',
    file: /^(?:dart|dartvm|dartaotruntime)(?:\.exe)?$/,
    marks: ['stable', 'beta', 'dev'].map((channel) => ({
      near: ` (${channel}) (`,
      pattern:
        /[^0-9.]([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9]+\.[0-9]+\.(?:beta|dev))?) \((?:stable|beta|dev)\) \([A-Z][a-z]{2} /,
    })),
  },
  {
    name: 'deno',
    file: /^deno(?:\.exe)?$/,
    marks: [
      { near: 'Deno/', pattern: /Deno\/([0-9]+\.[0-9]+\.[0-9]+)(?![0-9.])/ },
      {
        near: 'release/v',
        pattern: /deno-[0-9a-f]{40}release\/v([0-9]+\.[0-9]+\.[0-9]+)(?![0-9.])/,
      },
      { near: 'release/v', pattern: /deno-[0-9a-f]{40}([0-9]+\.[0-9]+\.[0-9]+)release\/v/ },
      { near: 'deno-canary/', pattern: /deno-canary\/[0-9a-f]{40}([0-9]+\.[0-9]+\.[0-9]+)dl/ },
      { near: 'DENO_', pattern: /([0-9]+\.[0-9]+\.[0-9]+)[0-9a-f]{40}DENO_/ },
    ],
  },
  {
    name: 'erlang',
    file: /^(?:beam\.smp|beam|erlexec)$/,
    marks: [
      { near: 'Erlang/OTP ', pattern: /\0([0-9]{2}\.[0-9]+(?:\.[0-9]+)*)\0+Erlang\/OTP [0-9]+%s/ },
      {
        near: 'Erlang/OTP ',
        pattern: /Erlang\/OTP [0-9]+%s[^\0]*\0+([0-9]{2}\.[0-9]+(?:\.[0-9]+)*)\0/,
      },
      { near: '/otp_src_', pattern: /\/otp_src_([0-9]{2}\.[0-9]+(?:\.[0-9]+)*)\// },
    ],
  },
  {
    // A released compiler is built by itself; a distribution's says whose it is in the brackets.
    name: 'gcc',
    file: /^(?:gcc|g\+\+|cpp|cc1|cc1plus|[a-z0-9_]+-linux-(?:gnu|musl)[a-z]*-gcc)$/,
    marks: [{ near: 'GCC: (GNU) ', pattern: /GCC: \(GNU\) ([0-9]+\.[0-9]+\.[0-9]+)\0/ }],
  },
  {
    name: 'ghc',
    file: /^ghc(?:-[0-9.]+)?$/,
    marks: [
      { near: 'GHC ', pattern: /\0GHC ([0-9]+\.[0-9]+\.[0-9]+)\0/ },
      { near: 'libHSghc-', pattern: /\0libHSghc-([0-9]+\.[0-9]+\.[0-9]+)-/ },
    ],
  },
  {
    name: 'julia',
    file: /^libjulia-internal\.so[.0-9]*$/,
    marks: [
      {
        near: '\0branch\0commit\0',
        pattern: /[^ -~]([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z]+[0-9]+)?)\0branch\0commit\0/,
      },
      {
        near: 'julia version %s',
        pattern: /\0([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z]+[0-9]+)?)\0julia version %s/,
      },
      {
        near: '\0verify_methods\0',
        pattern: /\0([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z]+[0-9]+)?)\0verify_methods\0/,
      },
      {
        near: '\0BITS_PER_LIMB\0',
        pattern: /\0([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z]+[0-9]+)?)\0BigInt\0/,
      },
    ],
  },
  {
    name: 'node',
    file: /^(?:node|nodejs|node\.exe|libnode\.so[.0-9]*)$/,
    marks: [
      {
        near: 'node.js/v',
        pattern: /node\.js\/v([0-9]+\.[0-9]+\.[0-9]+(?:-(?:rc|nightly|pre)[\w.]*)?)\0/,
      },
      { near: '\0node v', pattern: /\0node v([0-9]+\.[0-9]+\.[0-9]+)\0/ },
      { near: '\0moduleLoadList\0', pattern: /\0v([0-9]+\.[0-9]+\.[0-9]+)\0moduleLoadList\0/ },
      { near: '--enable-ssl2', pattern: /\0v([0-9]+\.[0-9]+\.[0-9]+)\0--enable-ssl2\0/ },
    ],
  },
  {
    name: 'perl',
    file: /^(?:perl|perl5[.0-9]*|libperl\.so[.0-9]*)$/,
    marks: [{ near: '/perl', pattern: /\/lib(?:64|\/[\w-]+)?\/perl5?\/(5\.[0-9]+\.[0-9]+)[/\0]/ }],
  },
  {
    name: 'php',
    file: /^(?:php|php[0-9.]+|php-?fpm[0-9.]*|php-cgi[0-9.]*|libphp[0-9]?\.so)$/,
    marks: [
      {
        near: 'X-Powered-By: PHP/',
        pattern: /X-Powered-By: PHP\/([0-9]+\.[0-9]+\.[0-9]+(?:(?:alpha|beta|RC)[0-9]+)?)/,
      },
    ],
  },
  {
    name: 'pypy',
    file: /^(?:libpypy[\w.-]*\.so|pypy[0-9.]*)$/,
    marks: [{ near: '[PyPy ', pattern: /\[PyPy ([0-9]+\.[0-9]+\.[0-9]+) with / }],
  },
  {
    name: 'python',
    file: /^(?:python(?:[0-9](?:\.[0-9]+)?)?(?:[dmut]+)?|libpython[0-9.]+[dmut]*\.(?:so[.0-9]*|dylib)|python[0-9]+\.dll)$/,
    marks: [
      {
        near: '<prefix>/lib/pythonX.X',
        pattern: new RegExp(`\\0${pythonVersion}\\0(?:strict\\0)?<prefix>`),
      },
      {
        near: '%.80s (%.80s) %.80s',
        pattern: new RegExp(`\\0${pythonVersion}\\0%\\.80s \\(%\\.80s\\) %\\.80s`),
      },
      { near: '/Python-', pattern: new RegExp(`/Python-${pythonVersion}\\0`) },
      // Newer ones lay the texts apart: their own version is the only one of the series that the file's name tells.
      { pattern: new RegExp(`\\0${pythonVersion}\\0`, 'g'), isUnmarked: true },
    ],
  },
  {
    // From 2.1 on the patch level follows the third number and says nothing of its own.
    name: 'ruby',
    file: /^(?:ruby|ruby[0-9.]+|libruby[-0-9.]*\.so[.0-9]*)$/,
    marks: [
      { near: '\0ruby ', pattern: /\0ruby ((?:1\.[0-9]\.[0-9]+|2\.0\.0)p[0-9]+) \(20/ },
      { near: '\0ruby ', pattern: /\0ruby ([0-9]+\.[0-9]+\.[0-9]+)(?:p[0-9]+)? \(20/ },
    ],
  },
  {
    name: 'rust',
    file: /^libstd-[0-9a-f]{16}\.(?:so|dylib|dll)$/,
    marks: [
      {
        near: 'rustc version ',
        pattern: /rustc version ([0-9]+\.[0-9]+\.[0-9]+(?:-(?:nightly|beta)[.0-9]*)?) \(/,
      },
      { pattern: /c ([0-9]+\.[0-9]+\.[0-9]+) \([0-9a-f]{9} [0-9]{4}-[0-9]{2}-[0-9]{2}\)/ },
    ],
  },
  {
    name: 'swipl',
    file: /^swipl$/,
    marks: [{ near: '/swipl-', pattern: /\/swipl-([0-9]+\.[0-9]+\.[0-9]+)\// }],
  },
]
