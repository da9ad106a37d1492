package file_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"cutover/internal/flag"
	"cutover/internal/flag/fence"
	"cutover/internal/flag/file"
	"cutover/internal/flag/flagtest"
	"cutover/internal/release"
)

// reads returns what an app finds in a file of a format.
func reads(t *testing.T, f release.FlagFile, name string) (on, known bool) {
	t.Helper()
	text, err := os.ReadFile(f.Path)
	if err != nil {
		return false, false
	}
	if f.Format == release.FlagsPlain {
		var flags map[string]bool
		if err := json.Unmarshal(text, &flags); err != nil {
			t.Fatalf("the app cannot read %s: %v", text, err)
		}
		on, known = flags[name]
		return on, known
	}
	// As flagd evaluates it: the default variant of an enabled flag.
	var set struct {
		Flags map[string]struct {
			State          string
			Variants       map[string]any
			DefaultVariant string
		}
	}
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatalf("flagd cannot read %s: %v", text, err)
	}
	one, known := set.Flags[name]
	if !known || one.State != "ENABLED" {
		return false, false
	}
	on, known = one.Variants[one.DefaultVariant].(bool)
	return on, known
}

func TestFilesTellAnAppOfItsFlags(t *testing.T) {
	t.Parallel()
	for _, format := range []release.FlagFormat{release.FlagsPlain, release.FlagsFlagd} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			flagtest.Run(t, func(t *testing.T) flagtest.Setup {
				dir := t.TempDir()
				f := release.FlagFile{Path: filepath.Join(dir, "flags.json"), Format: format}
				return flagtest.Setup{
					Open:  func() flag.Member { return file.Files{Fences: fence.Book{Folder: filepath.Join(dir, "state")}} },
					Flag:  release.Flag{Name: "search", File: &f},
					Knows: func() (bool, bool) { return reads(t, f, "search") },
				}
			})
		})
	}
}

// shelf is a folder with a file of flags in it.
func shelf(t *testing.T) (file.Files, release.FlagOrder) {
	t.Helper()
	dir := t.TempDir()
	o := release.FlagOrder{Stamp: release.Stamp{App: "shop", Key: "r1/1", Fence: 1}, All: []release.FlagValue{{Name: "search"}, {Name: "maps", On: true}},
		Flag: release.Flag{Name: "search", File: &release.FlagFile{Path: filepath.Join(dir, "flags.json"), Format: release.FlagsPlain, Mode: 0o640}}}
	return file.Files{Fences: fence.Book{Folder: filepath.Join(dir, "state")}}, o
}

func TestAFileHasEveryFlagThatSharesItAndTheModeItsOwnerChose(t *testing.T) {
	t.Parallel()
	files, o := shelf(t)
	if err := files.Tell(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(o.Flag.File.Path)
	if want := "{\n  \"maps\": true,\n  \"search\": false\n}\n"; err != nil || string(text) != want {
		t.Errorf("it holds %q, %v; want %q", text, err, want)
	}
	info, err := os.Stat(o.Flag.File.Path)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	o.Flag.File.Mode = 0
	if w, err := files.Observe(t.Context(), o); err != nil || w.Told {
		t.Errorf("with a mode that is too open it counts as %+v, %v", w, err)
	}
	if err := files.Tell(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if info, err = os.Stat(o.Flag.File.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v; want 0600 where none was chosen", info.Mode(), err)
	}
}

func TestWhatIsRightAlreadyIsNotWrittenAgain(t *testing.T) {
	t.Parallel()
	files, o := shelf(t)
	if err := files.Tell(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(o.Flag.File.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Tell(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(o.Flag.File.Path); err != nil || !os.SameFile(before, after) {
		t.Errorf("it was replaced, %v: whoever watches it is woken for nothing", err)
	}
}

func TestAFileOfSomebodyElseIsNeverReplaced(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"other JSON":        `{"search": "red"}`,
		"no JSON":           "search = on\n",
		"flags of flagd":    `{"$schema":"https://flagd.dev/schema/v0/flags.json","flags":{"a":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"on","targeting":{}}}}`,
		"variants of flagd": `{"$schema":"https://flagd.dev/schema/v0/flags.json","flags":{"a":{"state":"ENABLED","variants":{"red":true,"off":false},"defaultVariant":"red"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, o := shelf(t)
			if err := os.WriteFile(o.Flag.File.Path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{"tell": files.Tell(t.Context(), o), "ready": files.Ready(o.Flag)} {
				if err == nil || !strings.Contains(err.Error(), "cutover has not written") {
					t.Errorf("%s: %v", what, err)
				}
			}
			if got, err := os.ReadFile(o.Flag.File.Path); err != nil || string(got) != text {
				t.Errorf("it holds %q now, %v", got, err)
			}
		})
	}
}

func TestALinkIsNotFollowedAndAMissingFolderIsNamed(t *testing.T) {
	t.Parallel()
	files, o := shelf(t)
	target := o.Flag.File.Path + ".target"
	if err := os.Symlink(target, o.Flag.File.Path); err != nil {
		t.Fatal(err)
	}
	if err := files.Tell(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a link: %v", err)
	}
	o.Flag.File.Path = filepath.Join(filepath.Dir(target), "nowhere", "flags.json")
	if err := files.Ready(o.Flag); err == nil || !strings.Contains(err.Error(), "there is no folder") {
		t.Errorf("no folder: %v", err)
	}
	if err := files.Tell(t.Context(), o); err == nil {
		t.Error("it was written into a folder that is not there")
	}
}

func TestWhoeverReadsWhileItIsWrittenFindsOneStateOrTheOther(t *testing.T) {
	t.Parallel()
	files, o := shelf(t)
	if err := files.Tell(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	writers.Go(func() {
		for i := range 40 {
			o := o
			o.All = []release.FlagValue{{Name: "search", On: i%2 == 0}, {Name: "maps", On: i%2 == 0}}
			if err := files.Tell(t.Context(), o); err != nil {
				t.Error(err)
			}
		}
	})
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for {
		select {
		case <-done:
			return
		default:
		}
		if _, known := reads(t, *o.Flag.File, "search"); !known {
			t.Error("for a moment it was not there")
			<-done
			return
		}
	}
}
