//! `generate` while it is killed, beside another one, and where it cannot write: whole files, and nothing left by the next run.
//!
//! `CSTSPEC_KILLS` and `CSTSPEC_PAIRS` ask for more than a few; `--nocapture` shows what happened.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::{cstspec, empty, run, stderr, stdout};

type Files = BTreeMap<String, Vec<u8>>;

/// How many datasets a catalog has: enough for a run to be interrupted while it writes.
const DATASETS: usize = 30;
/// Files that are somebody's, in the folders that are written to.
const FOREIGN: [&str; 5] =
    ["out/Cargo.toml", "out/src/lib.rs", "out/sql/.notes", "specs/schema/.keep", "specs/notes.md"];

/// A repository, and what it holds for each of two versions of its specs.
struct Repository {
    folder: tempfile::TempDir,
    versions: [Files; 2],
}

impl Repository {
    fn new() -> Self {
        let versions = [0, 1].map(|version| {
            let folder = empty();
            write_specs(folder.path(), "grown", version);
            let output = generate(folder.path());
            assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
            generated(folder.path())
        });
        assert!(versions[0].len() > versions[1].len() && versions[1].len() > 3 * DATASETS);
        let folder = empty();
        for file in FOREIGN {
            write(folder.path(), file, "mine");
        }
        let git = Command::new("git").args(["init", "-q"]).current_dir(folder.path()).status();
        assert!(git.is_ok_and(|status| status.success()), "git is here");
        Self { folder, versions }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Holds that every artifact is whole, old or new, that nothing of somebody's was touched, and that git sees nothing else. Returns
    /// whether something is left that the next run clears.
    fn whole(&self) -> bool {
        let mut litter = false;
        for (name, bytes) in generated(self.path()) {
            if name.contains(".cstspec-staging/") {
                litter = true;
            } else {
                let known = self.versions.iter().any(|version| version.get(&name) == Some(&bytes));
                assert!(known, "{name} is neither as it was nor as it will be:\n{}", String::from_utf8_lossy(&bytes));
            }
        }
        self.foreign();
        let status =
            Command::new("git").args(["status", "--porcelain", "-uall"]).current_dir(self.path()).output().unwrap();
        // A kill between making that file and filling it, or after its removal, shows an empty file and never a content.
        let mut seen = stdout(&status).lines().filter(|line| line.contains("staging"));
        assert!(seen.all(|line| line.ends_with("/.gitignore") || line.ends_with("/lock")), "{}", stdout(&status));
        litter
    }

    /// Holds that the folder has the artifacts of `version` and nothing else.
    fn exactly(&self, version: usize) {
        let found = generated(self.path());
        let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&self.versions[version]));
        assert!(found == self.versions[version], "an artifact is not of version {version}");
        self.foreign();
    }

    fn foreign(&self) {
        for file in FOREIGN {
            assert_eq!(fs::read_to_string(self.path().join(file)).unwrap(), "mine", "{file}");
        }
    }
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The specs of a catalog, every artifact of which differs between its two versions. The second has one dataset less.
fn write_specs(folder: &Path, catalog: &str, version: usize) {
    fs::remove_dir_all(folder.join("specs/datasets")).ok();
    let head = format!(
        "catalog: {catalog}\ndoc: Version {version}.\nversion: 1\nengine: \"55.2.0\"\nsession: plain\nout: ../out\n\
         include: [datasets, plain.yaml]\n"
    );
    write(folder, "specs/catalog.yaml", &head);
    write(folder, "specs/plain.yaml", &format!("session: plain\ndoc: Version {version}.\n"));
    for number in 0..DATASETS - version {
        let columns = (0..20).map(|column| format!("  column_{column}_{version}: utf8\n")).collect::<Vec<_>>().concat();
        let text = format!("dataset: table_{number}\ndoc: Version {version}.\nversion: 1\ncolumns:\n{columns}");
        write(folder, &format!("specs/datasets/table_{number}.yaml"), &text);
    }
}

/// Every file below `out` and `specs/schema`, and of the generator's elsewhere, that is not somebody's.
fn generated(folder: &Path) -> Files {
    let mut files = Files::new();
    let mut folders = vec![folder.join("out"), folder.join("specs/schema"), folder.join("specs/.cstspec-staging")];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !FOREIGN.contains(&name.as_str()) {
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn generate(folder: &Path) -> Output {
    run(folder, &["generate", "-q"])
}

fn start(folder: &Path, args: &[&str]) -> Child {
    cstspec(folder).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts")
}

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Numbers that are different each time; the seed is said with a failure.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let seed = number("CSTSPEC_SEED", SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos() as usize);
        println!("seed: {seed}");
        Self(seed as u64)
    }

    /// A part of one, from 0 to 1.
    fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from((self.0 >> 33) as u32) / f64::from(u32::MAX >> 1)
    }
}

/// A killed run leaves whole files and nothing after the next.
#[test]
fn killed_run_leaves_whole_files() {
    let repository = Repository::new();
    let mut random = Random::new();
    write_specs(repository.path(), "grown", 0);
    let begun = Instant::now();
    assert_eq!(generate(repository.path()).status.code(), Some(0));
    let mut whole = begun.elapsed();
    repository.exactly(0);
    let kills = number("CSTSPEC_KILLS", 10);
    let (mut tries, mut running, mut litter, mut partly) = (0, 0, 0, 0);
    // A run that has ended before it is killed is looked at and does not count.
    while running < kills && tries < kills * 10 {
        tries += 1;
        let version = tries % 2;
        write_specs(repository.path(), "grown", version);
        let mut child = start(repository.path(), &["generate", "-q"]);
        let begun = Instant::now();
        if tries % 4 < 2 {
            std::thread::sleep(whole.mul_f64(random.part()));
        } else {
            // From when it begins to write.
            let staging = repository.path().join("out/.cstspec-staging");
            while !staging.exists() && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_micros(100));
            }
            std::thread::sleep(whole.mul_f64(random.part() * 0.2));
        }
        // One that has ended is nobody's to send a signal to.
        if child.try_wait().unwrap().is_none() {
            let signal = ["-KILL", "-TERM", "-INT", "-HUP"][tries / 4 % 4];
            let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
            assert!(sent.success());
        }
        let killed = matches!(child.wait().unwrap().code(), None | Some(129 | 130 | 143));
        running += usize::from(killed);
        if !killed {
            whole = whole.min(begun.elapsed());
        }
        let left = repository.whole();
        litter += usize::from(left);
        let now = generated(repository.path());
        let of = |version: &Files| version.iter().filter(|(name, bytes)| now.get(*name) == Some(*bytes)).count();
        partly += usize::from(repository.versions.iter().all(|version| of(version) < version.len()));
        if left {
            let check = run(repository.path(), &["generate", "--check"]);
            assert_eq!(check.status.code(), Some(1));
            assert!(stdout(&check).contains("left behind  "), "{}", stdout(&check));
        }
        let next = generate(repository.path());
        assert_eq!(next.status.code(), Some(0), "{}{}", stdout(&next), stderr(&next));
        repository.exactly(version);
        assert_eq!(run(repository.path(), &["generate", "--check"]).status.code(), Some(0));
    }
    println!(
        "{running} runs killed ({tries} tries): {litter} left a staging folder and {partly} some files of each version; after each, every \
         artifact was whole, and the next run left nothing else"
    );
}

/// Two runs at once both succeed.
#[test]
fn runs_at_once() {
    let repository = Repository::new();
    let pairs = number("CSTSPEC_PAIRS", 5);
    for pair in 0..pairs {
        let version = pair % 2;
        write_specs(repository.path(), "grown", version);
        if pair % 5 == 4 {
            fs::remove_dir_all(repository.path().join("out/describe")).unwrap();
        }
        let both = [0, 1].map(|_| start(repository.path(), &["generate", "-q"]));
        let check = start(repository.path(), &["generate", "--check"]);
        for child in both {
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
        }
        let check = check.wait_with_output().unwrap();
        assert!(matches!(check.status.code(), Some(0 | 1)), "{}{}", stdout(&check), stderr(&check));
        repository.exactly(version);
    }
    println!("{pairs} pairs, with a check beside each: exit code 0 for both, artifacts whole, nothing else");
}

/// Two catalogs at once do not mix.
#[test]
fn catalogs_at_once() {
    for pair in 0..number("CSTSPEC_PAIRS", 5).min(20) {
        let folder = empty();
        let names = ["one", "two"];
        for name in names {
            write_specs(&folder.path().join(name), name, pair % 2);
            let catalog = folder.path().join(name).join("specs/catalog.yaml");
            let text = fs::read_to_string(&catalog).unwrap();
            fs::write(&catalog, text.replace("out: ../out", "out: ../../out")).unwrap();
        }
        // Both specs folders are in one repository.
        write(folder.path(), ".git", "gitdir: elsewhere\n");
        let specs = names.map(|name| folder.path().join(name).join("specs"));
        let both =
            specs.each_ref().map(|specs| start(folder.path(), &["generate", "-q", "--specs", specs.to_str().unwrap()]));
        let outputs = both.map(|child| child.wait_with_output().unwrap());
        let mut codes = outputs.each_ref().map(|output| output.status.code());
        codes.sort_unstable();
        assert_eq!(codes, [Some(0), Some(1)], "{}{}", stderr(&outputs[0]), stderr(&outputs[1]));
        let winner = usize::from(outputs[1].status.code() == Some(0));
        let said = stdout(&outputs[1 - winner]);
        assert!(said.contains("error[G006]") && said.contains(&format!("the catalog `{}`", names[winner])), "{said}");
        let check = run(folder.path(), &["generate", "--check", "--specs", specs[winner].to_str().unwrap()]);
        assert_eq!(check.status.code(), Some(0), "{}", stdout(&check));
    }
}

/// A disk that takes no more leaves everything as it was.
#[test]
fn disk_full_leaves_files() {
    let repository = Repository::new();
    write_specs(repository.path(), "grown", 0);
    assert_eq!(generate(repository.path()).status.code(), Some(0));
    write_specs(repository.path(), "grown", 1);
    let command = env!("CARGO_BIN_EXE_cstspec");
    // In blocks of 512 or 1,024 bytes: nothing fits, the smaller artifacts fit, all but the largest do.
    for blocks in [0, 1, 3] {
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec {command} generate");
        let output = Command::new("sh").args(["-c", &limited]).current_dir(repository.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}{}", stdout(&output), stderr(&output));
        assert!(stderr(&output).starts_with("error: cannot write to "), "{}", stderr(&output));
        repository.exactly(0);
    }
    assert_eq!(generate(repository.path()).status.code(), Some(0));
    repository.exactly(1);
}

/// What is fresh is not written to.
#[test]
fn fresh_files_untouched() {
    let repository = Repository::new();
    write_specs(repository.path(), "grown", 0);
    assert_eq!(generate(repository.path()).status.code(), Some(0));
    let times = |folder: &Path| -> BTreeMap<PathBuf, SystemTime> {
        let names = generated(folder).into_keys().chain(["out".to_owned(), "specs".to_owned()]);
        names
            .map(|name| folder.join(name))
            .map(|path| (path.clone(), path.metadata().unwrap().modified().unwrap()))
            .collect()
    };
    let before = times(repository.path());
    std::thread::sleep(Duration::from_millis(20));
    for args in [["generate"].as_slice(), &["generate", "--force"], &["generate", "--check"]] {
        assert_eq!(run(repository.path(), args).status.code(), Some(0));
    }
    assert_eq!(times(repository.path()), before, "not even the folders");
}
