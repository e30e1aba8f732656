// faulty_cpp.cpp: the faults of faulty.h that only C++ has. Part of faulty.c's libraries.
#include "faulty.h"

#include <stdexcept>

namespace {

// Its constructor calls a function that nobody has defined yet.
struct unborn {
    unborn() {
        call();
    }
    virtual ~unborn() {
    }
    void call() {
        act();
    }
    virtual void act() = 0;
};

struct born : unborn {
    void act() override {
    }
};

volatile bool yes = true;

void fail() {
    if (yes) {
        throw std::runtime_error("a module that throws");
    }
}

void promise_not_to() noexcept {
    fail();
}

} // namespace

extern "C" void faulty_cpp(uint32_t kind);
extern "C" void faulty_cpp(uint32_t kind) {
    if (kind == FAULTY_THROW) {
        fail();
    } else if (kind == FAULTY_TERMINATE) {
        promise_not_to();
    } else {
        born one;
        one.act();
    }
}
