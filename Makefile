# lua-cognito: `make help` lists the targets.
#
# Rules are globs, so that a new source file needs no change here:
#   csrc/core/*.c                       the pure core (libc, libcrypto)      -> $(BUILD)/libcore.a
#   csrc/http/*.c  csrc/posix/*.c       transfers (libcurl), system calls
#   csrc/lua/l_http*.c  l_posix*.c      bindings of http.so and posix.so; every other csrc/lua/*.c is core.so's
#   csrc/lua/lcog.c                     shared by all three modules
#   csrc/test/t_*.c  csrc/fuzz/fuzz_*.c one program each
# C files are compiled as strict C11: a file that needs POSIX or GNU names defines the feature macro itself,
# so that LuaRocks, which takes no such flags from us, builds the same.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

BUILD     ?= build
CC        := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG     ?= clang-14
LUA54_INC ?= /usr/include/lua5.4
LUA51_INC ?= /usr/include/lua5.1
LUA       ?= lua5.4
OPTIMISE  ?= -O2 -g
SANITIZE  ?=
WARNINGS  := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wvla -Werror
CFLAGS_   := -std=c11 $(OPTIMISE) -fPIC -fvisibility=hidden -fstack-protector-strong $(WARNINGS) \
             -Icsrc $(addprefix -isystem ,$(UNPACKED)) $(SANITIZE) $(CFLAGS)
LDFLAGS_  := -Wl,-z,relro,-z,now -Wl,--as-needed $(SANITIZE) $(LDFLAGS)
TIME      ?= 10
# headers that tools/install had to unpack, since another flavour of libcurl's excludes the package
UNPACKED  := $(wildcard build/unpacked/usr/include/*-linux-gnu*)
LCURL     := $(if $(UNPACKED),-l:libcurl.so.4,-lcurl)
Q         := $(if $(V),,@)
# a build started by another target uses every processor, unless -j was given
PAR        = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

obj = $(patsubst csrc/%.c,$(BUILD)/obj/$(1)/%.o,$(2))

CORE_SRC  := $(wildcard csrc/core/*.c)
HTTP_SRC  := $(wildcard csrc/http/*.c)
POSIX_SRC := $(wildcard csrc/posix/*.c)
LUA_SRC   := $(wildcard csrc/lua/*.c)
SHARED_L  := $(filter csrc/lua/lcog.c,$(LUA_SRC))
HTTP_L    := $(wildcard csrc/lua/l_http*.c)
POSIX_L   := $(wildcard csrc/lua/l_posix*.c)
CORE_L    := $(filter-out $(SHARED_L) $(HTTP_L) $(POSIX_L),$(LUA_SRC))
TEST_SRC  := $(wildcard csrc/test/t_*.c)
FUZZ_SRC  := $(wildcard csrc/fuzz/fuzz_*.c)

MODULES   := $(if $(CORE_L),core) $(if $(HTTP_L),http) $(if $(POSIX_L),posix)
TESTS     := $(patsubst csrc/test/%.c,$(BUILD)/test/%,$(TEST_SRC))
REPLAYS   := $(patsubst csrc/fuzz/%.c,$(BUILD)/replay/%,$(FUZZ_SRC))
FUZZERS   := $(patsubst csrc/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))

.PHONY: build build-c install demo demo-nginx bench bench-nginx load-nginx load-store env test test-c test-lua lint
.PHONY: rockspec asan valgrind fuzz fuzz-replay conformance doc kill-test clean help

build: $(foreach abi,5.4 5.1,$(foreach m,$(MODULES),$(BUILD)/$(abi)/cognito/$(m).so)) $(BUILD)/libcore.a ## build both ABIs into build/

# ---- objects and archives ------------------------------------------------------------------------------------

define compile
@mkdir -p $(@D)
@echo "  CC  $@"
$(Q)$(CC) $(CFLAGS_) $(1) -MMD -MP -c -o $@ $<
endef

$(BUILD)/obj/any/%.o: csrc/%.c Makefile
	$(call compile)
$(BUILD)/obj/5.4/%.o: csrc/%.c Makefile
	$(call compile,-isystem $(LUA54_INC))
$(BUILD)/obj/5.1/%.o: csrc/%.c Makefile
	$(call compile,-isystem $(LUA51_INC))

$(BUILD)/libcore.a:  $(call obj,any,$(CORE_SRC))
$(BUILD)/libhttp.a:  $(call obj,any,$(HTTP_SRC))
$(BUILD)/libposix.a: $(call obj,any,$(POSIX_SRC))
$(BUILD)/lib%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)ar rcs $@ $(filter %.o,$^)

# ---- Lua modules: never linked with liblua, exporting luaopen_* alone ----------------------------------------

define module
$(BUILD)/$(1)/cognito/core.so:  $$(call obj,$(1),$$(CORE_L) $$(SHARED_L)) $$(call obj,any,$$(CORE_SRC))
$(BUILD)/$(1)/cognito/http.so:  $$(call obj,$(1),$$(HTTP_L) $$(SHARED_L)) $$(call obj,any,$$(HTTP_SRC)) $(BUILD)/libcore.a
$(BUILD)/$(1)/cognito/posix.so: $$(call obj,$(1),$$(POSIX_L) $$(SHARED_L)) $$(call obj,any,$$(POSIX_SRC)) $(BUILD)/libcore.a
$(BUILD)/$(1)/cognito/%.so:
	@mkdir -p $$(@D)
	@echo "  LD  $$@"
	$$(Q)$$(CC) -shared -o $$@ $$^ $$(LDFLAGS_) $$(LIBS_$$*)
endef
LIBS_core  := -lcrypto
LIBS_http  := $(LCURL) -lssl -lcrypto
LIBS_posix := -lcrypto
$(eval $(call module,5.4))
$(eval $(call module,5.1))

# ---- C tests ------------------------------------------------------------------------------------------------

C_LIBS := $(BUILD)/libhttp.a $(BUILD)/libposix.a $(BUILD)/libcore.a
$(BUILD)/test/%: $(BUILD)/obj/any/test/%.o $(C_LIBS)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) -o $@ $^ $(LDFLAGS_) $(LCURL) -lssl -lcrypto -lpthread
$(BUILD)/replay/%: $(BUILD)/obj/any/fuzz/%.o $(BUILD)/obj/any/fuzz/replay.o $(C_LIBS)
	@mkdir -p $(@D)
	@echo "  LD  $@"
	$(Q)$(CC) -o $@ $^ $(LDFLAGS_) $(LCURL) -lssl -lcrypto

# ---- fuzzing: clang's libFuzzer, the libraries compiled anew with coverage --------------------------------------

FUZZ_LIB := $(CORE_SRC) $(HTTP_SRC) $(POSIX_SRC)
# a target that needs little is several times as fast without the counters of all the rest
$(BUILD)/fuzz/fuzz_http_answer: FUZZ_LIB := csrc/http/answer.c csrc/http/bytes.c
$(BUILD)/fuzz/%: csrc/fuzz/%.c $(FUZZ_LIB) $(wildcard csrc/*.h csrc/*/*.h)
	@mkdir -p $(@D)
	@echo "  FUZZ $@"
	$(Q)$(CLANG) -std=c11 -g -O2 -Icsrc -fno-sanitize-recover=undefined -fsanitize=fuzzer,address,undefined \
	    -o $@ $< $(FUZZ_LIB) $(LCURL) -lssl -lcrypto

build-c: $(TESTS) $(REPLAYS)

fuzz: ## fuzz each C entry point for TIME seconds (default 10)
	@tools/install build fuzz
	@$(MAKE) -s $(PAR) build $(FUZZERS)
	@tools/fuzz $(TIME) $(FUZZERS)

fuzz-replay: $(REPLAYS) ## replay the stored corpus of every fuzz target
	@BUILD=$(BUILD) tools/test --replay

# ---- running --------------------------------------------------------------------------------------------------

demo: ## install what is missing, build, and show a token expire and come back
	@tools/install build demo
	@$(MAKE) -s $(PAR) build
	@tools/demo

demo-nginx: ## start examples/openresty with the emulator, ready for a browser; PORT=8080
	@tools/install build demo nginx
	@$(MAKE) build
	@tools/demo-nginx $(PORT)

bench-nginx: build ## what the guard costs a worker of nginx, beside the C core and a bare handler
	@eval "$$(tools/env)"; LUA_PATH_5_4="./?.lua;$$LUA_PATH_5_4" lua5.4 bench/nginx.lua

load-nginx: build ## the loads on nginx in full (10,000 sessions, 50 users, 100 reloads, ten minutes); SCALE=0.1 LOAD=fleet
	@eval "$$(tools/env)"; LUA_PATH_5_4="./?.lua;$$LUA_PATH_5_4" lua5.4 bench/nginx_load.lua $(or $(SCALE),1) $(LOAD)

bench: ## measure beside plain C programs in the same run; BENCH=name restricts (check, cold, login, refresh, srp, store, verify)
	@tools/install build demo bench browser
	@$(MAKE) -s $(PAR) build
	@eval "$$(tools/env $(BUILD))"; LUA_PATH_5_4="./?.lua;$$LUA_PATH_5_4"; LUA_PATH="./?.lua;$$LUA_PATH"; \
	    for file in bench/$(or $(BENCH),*)_run.lua; do echo "== $$file"; lua5.4 $$file || exit 1; done

env: ## print shell lines after which lua5.4, lua5.1, luajit and cognito use this tree
	@tools/env $(BUILD)

test: ## install what is missing, build and run everything; SPEC=path restricts to one file or folder
	@tools/install build demo test
	@$(MAKE) -s $(PAR) build build-c
	@BUILD=$(BUILD) SPEC=$(SPEC) tools/test

test-c: build-c ## run the C tests and replay the fuzz corpus
	@BUILD=$(BUILD) tools/test --c --replay

test-lua: build ## run the specs; SPEC=path restricts, LUAS="5.4 5.1 jit" chooses interpreters
	@BUILD=$(BUILD) SPEC=$(SPEC) tools/test --lua

lint: ## luacheck, and the layering of the sources
	@luacheck --quiet --no-color . bin/cognito

rockspec: ## regenerate the module list of the rockspec
	@$(LUA) tools/rockspec.lua

ASAN := $(BUILD)/asan
asan: ## build with ASan and UBSan into build/asan and run the C tests and the specs on Lua 5.4
	@tools/install build demo test
	@$(MAKE) -s $(PAR) build    # for nginx, which cannot load the other one
	@$(MAKE) -s $(PAR) BUILD=$(ASAN) OPTIMISE="-O1 -g -fno-omit-frame-pointer" LDFLAGS= \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined" build build-c
	@BUILD=$(ASAN) SPEC=$(SPEC) LUAS=5.4 ASAN=1 tools/test

valgrind: ## run the C tests and the specs on Lua 5.4 under valgrind
	@tools/install build demo test valgrind
	@$(MAKE) -s $(PAR) build build-c
	@BUILD=$(BUILD) SPEC=$(SPEC) LUAS=5.4 VALGRIND=1 tools/test

kill-test: build ## kill and fail the file storage: KILLS=10000 random kills, and every system call
	@tools/kill-test $(or $(KILLS),10000)

load-store: build ## connections that die, many processes and nginx workers over one store, kills; SCALE=0.1 for less
	@BUILD=$(BUILD) tools/load-store $(SCALE)

conformance: ## run other people's clients and servers from npm against ours (installs node where it is missing)
	@tools/install build demo test conformance
	@$(MAKE) -s $(PAR) build
	@tools/conformance $(CASE)

doc: ## write the API pages into build/doc
	@tools/install doc
	@ldoc -q --fatalwarnings -c config.ld -d $(BUILD)/doc .

clean: ## remove build/
	rm -rf $(BUILD)

help: ## list the targets; V=1 shows the compiler's commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1@\2/p' Makefile | column -t -s@

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
